"""Requests of people, which have their effect once however often they are repeated."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.context import current_account
from chassis.storage import idempotency
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.persons.sealing import NumberSeal


@dataclass(frozen=True)
class Moving:
    """One request to move what has a number of its own: whose, which, and the key with the digest of the content."""

    account: str
    number: str
    request_id: str
    digest: bytes


async def claim(
    tx: Transaction,
    seal: NumberSeal,
    request_id: str,
    digest: bytes,
    resource_id: UUID,
    now: datetime,
) -> UUID | None:
    """Claim the caller's request id for a resource; None if it is new, else the resource of the first request.

    The digest is keyed: a request may hold a number that could be guessed from a plain one. Raises
    RequestIdReusedError.
    """
    first = await idempotency.claim(
        tx,
        tables.requests,
        account=current_account(),
        request_id=request_id,
        digest=seal.fingerprint(digest),
        resource_id=str(resource_id),
        now=now,
    )
    return UUID(first) if first else None
