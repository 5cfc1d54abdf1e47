"""Requests of people, which have their effect once however often they are repeated."""

from datetime import datetime
from typing import Protocol

from chassis.storage import idempotency
from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.incident import Incident
from incidents.domain.incidents.requests import Write
from incidents.domain.lifecycle.states import OPEN
from incidents.repository.incidents import save_change


class Asked(Protocol):
    """A write of one account, whatever it is about."""

    @property
    def account(self) -> str:
        """Who asks."""

    @property
    def request_id(self) -> str:
        """Chosen by whoever asks; the same for a repeat."""

    @property
    def digest(self) -> bytes:
        """What tells a repeat from a reuse."""


async def claimed(tx: Transaction, asked: Asked, resource_id: str, now: datetime) -> str | None:
    """Claim the request id of a write; None if it is new, else what the first one made or changed.

    Raises RequestIdReusedError.
    """
    return await idempotency.claim(
        tx,
        tables.requests,
        account=asked.account,
        request_id=asked.request_id,
        digest=asked.digest,
        resource_id=resource_id,
        now=now,
    )


async def claimed_for(tx: Transaction, asked: Asked, resource_id: str) -> None:
    """Let a claimed request stand for what was there already, so that a repeat is told that."""
    await idempotency.claim_for(
        tx,
        tables.requests,
        account=asked.account,
        request_id=asked.request_id,
        resource_id=resource_id,
    )


async def is_repeat(tx: Transaction, asked: Write, now: datetime) -> bool:
    """Claim a write's request id; True if it has had its effect already. Raises RequestIdReusedError."""
    return await claimed(tx, asked, str(asked.incident_id), now) is not None


async def taken_on(tx: Transaction, incident: Incident, account: str, now: datetime) -> Incident:
    """Take a locked incident on, unless somebody has, or it has ended: what is asked of it says that."""
    change = incident.acknowledge(account, now) if incident.state in OPEN else None
    return incident if change is None else await save_change(tx, change)
