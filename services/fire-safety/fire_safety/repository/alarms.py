"""Alarms that people change, each change with its event."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import Alarm, AlarmNotFoundError
from fire_safety.repository.rows import alarm_of
from fire_safety.repository.telling import tell
from fire_safety.wire import alarms as wire

_alarms = tables.alarms.c


async def load_for_change(tx: Transaction, alarm_id: UUID) -> Alarm:
    """Load an alarm and keep others from changing it; raises AlarmNotFoundError."""
    statement = select(tables.alarms).where(_alarms.alarm_id == alarm_id).with_for_update()
    row = (await tx.execute(statement)).mappings().one_or_none()
    if row is None:
        raise AlarmNotFoundError
    return alarm_of(row)


async def save_acknowledged(tx: Transaction, alarm: Alarm, now: datetime) -> None:
    """Save that a person has seen an alarm."""
    await _save(tx, alarm)
    await tell(tx, now, wire.alarm_acknowledged, [alarm])


async def save_silenced(tx: Transaction, alarm: Alarm, now: datetime) -> None:
    """Save that a person silenced an alarm."""
    await _save(tx, alarm)
    await tell(tx, now, wire.alarm_silenced, [alarm])


async def save_reset(tx: Transaction, alarm: Alarm, now: datetime) -> None:
    """Save that an alarm ended."""
    await _save(tx, alarm)
    await tell(tx, now, wire.alarm_reset, [alarm])


async def _save(tx: Transaction, alarm: Alarm) -> None:
    await tx.execute(
        update(tables.alarms)
        .where(_alarms.alarm_id == alarm.alarm_id)
        .values(
            state=alarm.state,
            acknowledged_at=alarm.acknowledged_at,
            acknowledged_by=alarm.acknowledged_by,
            silenced_at=alarm.silenced_at,
            silenced_by=alarm.silenced_by,
            reset_at=alarm.reset_at,
            reset_by=alarm.reset_by,
            disposition=alarm.disposition,
            version=alarm.version,
        )
    )
