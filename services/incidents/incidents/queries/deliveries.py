"""Messages and their attempts."""

from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.duty.deliveries import (
    Addressee,
    Attempt,
    Delivery,
    DeliveryState,
    Outcome,
    Owner,
    Told,
)
from incidents.domain.duty.roster import ContactChannel
from incidents.domain.lifecycle.owner_notices import About, Subject
from incidents.domain.rules.escalation import Recipient


class DeliveryQueries:
    """Asks for messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_incident(self, incident_id: UUID) -> list[Told]:
        """Tell the messages of an incident with their attempts, in the order in which they were planned."""
        deliveries, attempts = tables.deliveries, tables.delivery_attempts
        columns, tried = deliveries.c, attempts.c
        asked = (
            select(deliveries, tried.attempt, tried.at, tried.outcome, tried.receipt)
            .select_from(deliveries.outerjoin(attempts, tried.delivery_id == columns.delivery_id))
            .where(columns.incident_id == incident_id)
            .order_by(columns.step, columns.planned_at, columns.account, columns.contact)
            .order_by(columns.delivery_id, tried.attempt)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(asked)).all()
        return [_told(list(own)) for _, own in groupby(rows, key=lambda row: row.delivery_id)]


def _told(rows: list[Row[Any]]) -> Told:
    first = rows[0]
    of_owner = first.recipient == Owner.OWNER
    recipient = Owner.OWNER if of_owner else Recipient(first.recipient)
    return Told(
        delivery=Delivery(
            delivery_id=first.delivery_id,
            incident_id=first.incident_id,
            about=About(Subject(first.subject), first.step, first.subject_id),
            addressee=Addressee(recipient, first.account, first.contact),
            channel=ContactChannel(first.channel),
            due_at=first.due_at,
        ),
        state=DeliveryState(first.state),
        attempts=tuple(
            Attempt(row.delivery_id, row.attempt, row.at, Outcome(row.outcome), row.receipt)
            for row in rows
            if row.attempt is not None
        ),
    )
