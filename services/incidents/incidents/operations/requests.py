"""Requests of people, which have their effect once however often they are repeated."""

from datetime import datetime

from chassis import idempotency
from chassis.database import Transaction
from incidents import tables
from incidents.domain.requests import Act


async def is_repeat(tx: Transaction, asked: Act, now: datetime) -> bool:
    """Claim an act's request id; True if the act has had its effect already. Raises RequestIdReusedError."""
    first = await idempotency.claim(
        tx,
        tables.requests,
        account=asked.account,
        request_id=asked.request_id,
        digest=asked.digest,
        resource_id=str(asked.incident_id),
        now=now,
    )
    return first is not None
