"""Requests of people, which have their effect once however often they are repeated."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.context import current_account
from chassis.privacy import may_hold_id_number
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

    The digest is keyed: a request may hold a number that could be guessed from a plain one. So is an id that could be
    a number itself: callers choose what they like. Raises RequestIdReusedError.
    """
    first = await idempotency.claim(
        tx,
        tables.requests,
        account=current_account(),
        request_id=_kept(request_id, seal),
        digest=seal.fingerprint(digest),
        resource_id=str(resource_id),
        now=now,
    )
    return UUID(first) if first else None


def _kept(request_id: str, seal: NumberSeal) -> str:
    if may_hold_id_number(request_id):
        return seal.fingerprint(request_id.encode()).hex()
    return request_id
