"""Idempotency keys of writes: a repeated request id gives the first result, another content is refused."""

import hashlib
import re
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.errors import FieldInvalidError, RequestIdReusedError
from chassis.rules import Rule
from chassis.storage.database import Transaction

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def requests_table(metadata: MetaData) -> Table:
    """Declare the table of request ids and the resources they made or changed."""
    return Table(
        "requests",
        metadata,
        Column("account", Text, primary_key=True),
        Column("request_id", Text, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("resource_id", Text, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False, index=True),
    )


def digest_of(request: Message) -> bytes:
    """Summarise a request, its type included, so that a repeat can be told from a reuse."""
    content = request.SerializeToString(deterministic=True)
    return hashlib.sha256(request.DESCRIPTOR.full_name.encode() + b"\0" + content).digest()


def check_request_id(request_id: str) -> None:
    """Refuse a missing or malformed idempotency key."""
    if not _REQUEST_ID.fullmatch(request_id):
        raise FieldInvalidError(
            "request_id", Rule("8 đến 64 ký tự A-Z a-z 0-9 -", "8 to 64 characters A-Z a-z 0-9 -")
        )


async def prune(tx: Transaction, table: Table, before: datetime) -> int:
    """Forget requests that nobody will repeat any more; tell how many."""
    return (await tx.execute(delete(table).where(table.c.received_at < before))).rowcount


async def claim(
    tx: Transaction,
    table: Table,
    *,
    account: str,
    request_id: str,
    digest: bytes,
    resource_id: str,
    now: datetime,
) -> str | None:
    """Claim a request id for a resource; None if it is new, else the resource of the first request.

    A second request with the same id waits here until the first one's transaction has ended.
    Raises RequestIdReusedError if the id stands for other content.
    """
    statement = insert(table).values(
        account=account,
        request_id=request_id,
        digest=digest,
        resource_id=resource_id,
        received_at=now,
    )
    claimed = await tx.execute(statement.on_conflict_do_nothing())
    if claimed.rowcount:
        return None
    found = await tx.execute(
        select(table.c.digest, table.c.resource_id).where(
            table.c.account == account, table.c.request_id == request_id
        )
    )
    row = found.one()
    if row.digest != digest:
        raise RequestIdReusedError
    return str(row.resource_id)


async def claim_for(
    tx: Transaction, table: Table, *, account: str, request_id: str, resource_id: str
) -> None:
    """Let a request id that this transaction claimed stand for another resource: what a repeat is told."""
    columns = table.c
    await tx.execute(
        update(table)
        .where(columns.account == account, columns.request_id == request_id)
        .values(resource_id=resource_id)
    )
