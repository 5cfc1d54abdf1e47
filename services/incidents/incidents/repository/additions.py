"""What one change adds beside the incident's own row: alarms, entries, notifications, timers and events."""

from sqlalchemy import func, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis import outbox
from chassis.database import Transaction
from incidents import tables
from incidents.domain.escalation import Timer
from incidents.domain.incidents import Change, Incident
from incidents.wire.events import event_message


async def keep(tx: Transaction, change: Change) -> None:
    """Store all that a change adds; its event leaves with the transaction."""
    incident_id = change.incident.incident_id
    if change.admitted is not None:
        position = len(change.incident.members)
        member = vars(change.admitted)
        admitted = upsert(tables.incident_alarms).values(
            incident_id=incident_id, position=position, **member
        )
        await tx.execute(
            admitted.on_conflict_do_update(
                index_elements=tables.incident_alarms.primary_key,
                set_={"raised_version": admitted.excluded.raised_version},
            )
        )
    await tx.execute(
        insert(tables.timeline),
        [{"incident_id": incident_id, **vars(entry)} for entry in change.entries],
    )
    if change.notification is not None:
        told = vars(change.notification)
        await tx.execute(insert(tables.notifications).values(incident_id=incident_id, **told))
    await _keep_timers(tx, change)
    if change.event is not None:
        event = event_message(change.event, change.incident)
        await outbox.add(tx, tables.outbox, change.at, event)


async def _keep_timers(tx: Transaction, change: Change) -> None:
    if change.ends_timers:
        columns = tables.escalations.c
        await tx.execute(
            update(tables.escalations)
            .where(columns.incident_id == change.incident.incident_id, tables.PENDING)
            .values(cancelled_at=change.at)
        )
    if change.timer is not None:
        await _start_timer(tx, change.incident, change.timer)


async def _start_timer(tx: Transaction, incident: Incident, timer: Timer) -> None:
    """Start a timer; if the step is waiting already, under a lower priority, the earlier time counts."""
    table = tables.escalations
    started = upsert(table).values(incident_id=incident.incident_id, **vars(timer))
    await tx.execute(
        started.on_conflict_do_update(
            index_elements=table.primary_key,
            set_={
                "due_at": func.least(table.c.due_at, started.excluded.due_at),
                "recipient": started.excluded.recipient,
                "channel": started.excluded.channel,
            },
            where=tables.PENDING,
        )
    )
