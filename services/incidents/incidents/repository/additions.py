"""What changes add beside the incidents' own rows: alarms, entries, messages, timers, deadlines and events."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.incident import Change
from incidents.repository.deadlines import follow
from incidents.repository.telling import plan_deliveries
from incidents.wire.events import event_message

_admitting = upsert(tables.incident_alarms)
_ADMIT = _admitting.on_conflict_do_update(
    index_elements=tables.incident_alarms.primary_key,
    set_={"raised_version": _admitting.excluded.raised_version},
)
_starting = upsert(tables.escalations)
_START_TIMER = _starting.on_conflict_do_update(
    index_elements=tables.escalations.primary_key,
    set_={
        "due_at": func.least(tables.escalations.c.due_at, _starting.excluded.due_at),
        "recipients": _starting.excluded.recipients,
        "channel": _starting.excluded.channel,
    },
    where=tables.PENDING,
)


async def keep(tx: Transaction, *changes: Change) -> Sequence[Mapping[str, Any]]:
    """Store all that changes made at one time add; their events, whose rows are told, leave with the transaction."""
    await _admit(tx, changes)
    await tx.execute(
        insert(tables.timeline),
        [
            {"incident_id": change.incident.incident_id, **vars(entry)}
            for change in changes
            for entry in change.entries
        ],
    )
    await _keep_notifications(tx, changes)
    await plan_deliveries(tx, changes)
    await _keep_timers(tx, changes)
    await follow(tx, changes)
    events = [
        outbox.row_of(event_message(change.event, change.incident), change.at, change.request_id)
        for change in changes
        if change.event
    ]
    await outbox.add_rows(tx, tables.outbox, events)
    return events


async def _admit(tx: Transaction, changes: Sequence[Change]) -> None:
    """Add alarms to the incidents' own, or the newest raisings of them."""
    rows = [
        {
            "incident_id": change.incident.incident_id,
            "position": len(change.incident.members),
            **vars(change.admitted),
        }
        for change in changes
        if change.admitted
    ]
    if rows:
        await tx.execute(_ADMIT, rows)


async def _keep_notifications(tx: Transaction, changes: Sequence[Change]) -> None:
    told = [
        {"incident_id": change.incident.incident_id, **vars(one)}
        for change in changes
        for one in change.notifications
    ]
    if told:
        await tx.execute(insert(tables.notifications), told)


async def _keep_timers(tx: Transaction, changes: Sequence[Change]) -> None:
    """End timers, and start others; if the step is waiting already, under a lower priority, the earlier time counts."""
    for change in changes:
        if change.ends_timers:
            await tx.execute(
                update(tables.escalations)
                .where(tables.escalations.c.incident_id == change.incident.incident_id)
                .where(tables.PENDING)
                .values(cancelled_at=change.at)
            )
    started = [
        {"incident_id": change.incident.incident_id, **vars(change.timer)}
        for change in changes
        if change.timer
    ]
    if started:
        await tx.execute(_START_TIMER, started)
