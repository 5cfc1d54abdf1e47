"""Requests of people, which have their effect once however often they are repeated."""

from datetime import datetime

from chassis import idempotency
from chassis.database import Transaction
from incidents import tables
from incidents.domain.incidents import Incident
from incidents.domain.requests import Write
from incidents.repository.incidents import save_change


async def is_repeat(tx: Transaction, asked: Write, now: datetime) -> bool:
    """Claim a write's request id; True if it has had its effect already. Raises RequestIdReusedError."""
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


async def taken_on(tx: Transaction, incident: Incident, account: str, now: datetime) -> Incident:
    """Take a locked incident on, unless somebody has."""
    change = incident.acknowledge(account, now)
    return incident if change is None else await save_change(tx, change)
