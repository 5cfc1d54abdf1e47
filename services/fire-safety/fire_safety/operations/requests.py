"""Requests of people, which have their effect once however often they are repeated."""

from datetime import datetime

from chassis.context import current_account
from chassis.storage import idempotency
from chassis.storage.database import Transaction
from fire_safety import tables


async def claim(
    tx: Transaction, request_id: str, digest: bytes, resource_id: str, now: datetime
) -> str | None:
    """Claim the caller's request id for a resource; None if it is new, else the resource of the first request.

    Raises RequestIdReusedError.
    """
    return await idempotency.claim(
        tx,
        tables.requests,
        account=current_account(),
        request_id=request_id,
        digest=digest,
        resource_id=resource_id,
        now=now,
    )
