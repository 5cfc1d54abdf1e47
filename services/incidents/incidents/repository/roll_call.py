"""Roll-calls: marks added under the lock of their incident, and forgotten."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from chassis.storage import outbox
from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.events import RollCallMarked
from incidents.domain.incidents.incident import Incident
from incidents.domain.rescue.roll_call import Mark, NewMark
from incidents.wire.events import event_message


async def add_marks(
    tx: Transaction, incident: Incident, marks: tuple[NewMark, ...], account: str, now: datetime
) -> None:
    """Add marks behind those that there are, with the event; whoever holds the incident's lock counts alone."""
    columns = tables.roll_call_marks.c
    last = select(func.coalesce(func.max(columns.sequence), 0)).where(
        columns.incident_id == incident.incident_id
    )
    first = int(await tx.scalar(last) or 0) + 1
    added = [
        Mark(sequence, one.tag, one.dwelling_id, one.state, account, now)
        for sequence, one in enumerate(marks, start=first)
    ]
    rows = [{"incident_id": incident.incident_id, **vars(one)} for one in added]
    await tx.execute(insert(tables.roll_call_marks), rows)
    event = event_message(RollCallMarked(added[-1].sequence), incident)
    await outbox.add(tx, tables.outbox, now, event)


async def forget_marks(tx: Transaction, now: datetime, day: date) -> int:
    """Forget the marks of incidents that ended long enough ago; tell how many marks."""
    limits, incidents = tables.legal_limits.c, tables.incidents.c
    kept = (
        select(limits.value)
        .where(limits.rule == "roll_call_retention", limits.effective_from <= day)
        .order_by(limits.effective_from.desc())
        .limit(1)
    )
    days = await tx.scalar(kept)
    if days is None:
        return 0
    over: list[UUID] = list(
        (
            await tx.scalars(
                select(incidents.incident_id)
                .join(tables.roll_call_marks)
                .where(incidents.ended_at <= now - timedelta(days=days))
                .distinct()
            )
        ).all()
    )
    gone = await tx.execute(
        delete(tables.roll_call_marks).where(tables.roll_call_marks.c.incident_id.in_(over))
    )
    return gone.rowcount
