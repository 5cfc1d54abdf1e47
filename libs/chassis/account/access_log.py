"""The account of every look at personal data: a chain of records, durable before the answer leaves."""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid5

from prometheus_client import Counter as Metric
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    func,
    literal,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis import context
from chassis.account.access_chain import AccessRecord
from chassis.storage.database import Database, Line, Transaction
from chassis.storage.group_commit import GroupCommit
from chassis.telemetry import metrics

OK = "OK"
APPEND = "select append_access_records($1)"
_KIND = attrgetter("method", "outcome")
_APPEND_IN_TRANSACTION = text("select append_access_records(:entries)")


@dataclass(frozen=True)
class AccountTables:
    """The tables of a service's account."""

    records: Table
    checkpoints: Table
    marks: Table


def account_tables(metadata: MetaData) -> AccountTables:
    """Declare the tables; `access_schema` keeps the service's role from changing them."""
    records = Table(
        "access_records",
        metadata,
        Column("record_id", Uuid, primary_key=True),
        Column("recorded_at", DateTime(timezone=True), nullable=False, index=True),
        Column("account", Text, nullable=False),
        Column("roles", ARRAY(Text), nullable=False),
        Column("method", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("reference", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("format", SmallInteger, nullable=False),
        Column("previous_hash", LargeBinary, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("actor", Text, nullable=False),
        Column("legal_basis", Text, nullable=False),
        Column("fields", ARRAY(Text), nullable=False),
        Column("ward_code", Text, nullable=False),
        UniqueConstraint("position", name="access_records_one_per_position"),
    )
    Index("access_records_by_subject", _hash(records.c.subject), records.c.position)
    checkpoints = Table(
        "access_checkpoints",
        metadata,
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("hash", LargeBinary, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("reason", Text, nullable=False),
    )
    marks = Table(
        "access_marks",
        metadata,
        Column("mark_id", BigInteger, Identity(always=True), primary_key=True),
        Column("kind", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("marked_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("kind in ('WITNESSED', 'VERIFIED', 'BROKEN')", name="access_marks_kind"),
    )
    return AccountTables(records, checkpoints, marks)


def is_about(records: Table, subject: str) -> ColumnElement[bool]:
    """Tell which records are about a subject; by its hash they are found."""
    column = records.c.subject
    return and_(_hash(column) == _hash(literal(subject)), column == subject)


def _hash(text: ColumnElement[str]) -> ColumnElement[int]:
    return func.hashtextextended(text, literal_column("0"))


def entry_of(record: AccessRecord) -> tuple[Any, ...]:
    """Write a record as the database's type `access_entry`."""
    return (*record, record.digest)


def record_of(
    access: context.Access, record_id: UUID, outcome: str, now: datetime
) -> AccessRecord:
    """Write down the access of the present call, with its outcome."""
    caller = context.identity.get() or context.NOBODY
    return AccessRecord(
        record_id=record_id,
        recorded_at=now,
        account=caller.account,
        actor=caller.actor,
        roles=tuple(sorted(caller.roles)),
        method=access.method,
        purpose=access.purpose,
        legal_basis=access.legal_basis,
        reference=access.reference,
        subject=access.subject,
        fields=tuple(sorted(access.fields)),
        outcome=outcome,
        request_id=context.request_id.get(),
        ward_code=access.ward_code,
    )


def records_of(
    access: context.Access, now: datetime, record_id: UUID, outcome: str = OK
) -> list[AccessRecord]:
    """Write down how the present call ended: a record of its own, and one for each who is shown in it or concerned.

    All together are one look: the ids of the others are of version 5 (RFC 9562) and follow from the first one's.
    """
    first = record_of(access, record_id, outcome, now)
    others = dict.fromkeys(one for one in access.shown if one != access.subject)
    return [
        first,
        *(first._replace(record_id=uuid5(record_id, one), subject=one) for one in others),
    ]


async def append(tx: Transaction, *records: AccessRecord) -> None:
    """Add records to the chain in a transaction; others who append wait until it has ended."""
    await tx.execute(_APPEND_IN_TRANSACTION, {"entries": [entry_of(one) for one in records]})


def count(records: Sequence[AccessRecord]) -> None:
    """Count records that are durable."""
    for kind, times in Counter(map(_KIND, records)).items():
        _records_of_kind(*kind).inc(times)


@cache
def _records_of_kind(method: str, outcome: str) -> Metric:
    return metrics.ACCESS_RECORDS.labels(method, outcome)


@asynccontextmanager
async def accounted(database: Database, now: datetime) -> AsyncGenerator[Transaction]:
    """Open a transaction that ends with the records of the access that caused it: all are durable, or none.

    They come last, since others who append wait for it. Outside a call that is accounted for, and where the
    call has its record already, the transaction is like any other.
    """
    access = context.access.get()
    async with database.transaction() as tx:
        yield tx
        if access is None or access.accounted:
            return
        records = records_of(access, now, access.record_id)
        await append(tx, *records)
    access.accounted = True
    count(records)


class AccountedLookups:
    """Looks up by keys and records each look: one statement and one commit for all that wait at the same time.

    `statement` takes the keys ($1, bytea[]) and as many records ($2), appends these with `append_access_records`, and
    gives a row for each key, in their order.
    """

    def __init__(self, line: Line, statement: str) -> None:
        self._line = line
        self._statement = statement
        self._commits = GroupCommit[tuple[bytes, AccessRecord], Any](self._look_up)

    async def find(self, looks: Sequence[tuple[bytes, AccessRecord]]) -> list[Any]:
        """Tell the row of each key; raises DatabaseUnavailableError, and then no answer may be given."""
        return await self._commits.add(*looks)

    async def _look_up(self, looks: Sequence[tuple[bytes, AccessRecord]]) -> list[Any]:
        keys, records = zip(*looks, strict=True)
        rows = await self._line.fetch(self._statement, keys, list(map(entry_of, records)))
        count(records)
        return rows


class AccessLog:
    """Writes access records, all durable when `record` returns; what waits together is committed together.

    It has a connection of its own: however much is asked of the service, its account does not wait for one.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._commits = GroupCommit[AccessRecord, None](self._write)

    async def record(self, *entries: AccessRecord) -> None:
        """Store records; raises DatabaseUnavailableError, and then no answer may be given."""
        await self._commits.add(*entries)

    async def _write(self, records: Sequence[AccessRecord]) -> Sequence[None]:
        await self._line.fetch(APPEND, [entry_of(one) for one in records])
        count(records)
        return [None] * len(records)
