"""Alarms: raised and restored by signals, changed by people; each change with its event."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, bindparam, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis import outbox
from chassis.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms import (
    Alarm,
    AlarmKind,
    AlarmNotFoundError,
    AlarmState,
    Disposition,
    Signal,
    SignalClass,
)
from fire_safety.repository.rows import alarm_of, row_of_alarm
from fire_safety.wire import alarms as wire

_alarms = tables.alarms.c
_ACTIVE = _alarms.state != AlarmState.RESET
_SIGNALLING = _ACTIVE & _alarms.restored_at.is_(None)

# Written once: to put statements together would take longer than to run them.
_RAISE = insert(tables.alarms).on_conflict_do_nothing().returning(tables.alarms)
_PLACES = (
    select(
        tables.devices.c.device_id,
        tables.devices.c.premises_id,
        tables.zones.c.zone_id,
        tables.zones.c.name,
        tables.zones.c.floor,
    )
    .select_from(
        tables.devices.outerjoin(tables.zones, tables.zones.c.zone_id == tables.devices.c.zone_id)
    )
    .where(tables.devices.c.device_id.in_(bindparam("device_ids", expanding=True)))
)


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
    await outbox.add(tx, tables.outbox, now, wire.alarm_acknowledged(alarm))


async def save_reset(tx: Transaction, alarm: Alarm, now: datetime) -> None:
    """Save that an alarm ended."""
    await _save(tx, alarm)
    await outbox.add(tx, tables.outbox, now, wire.alarm_reset(alarm))


async def raise_alarms(
    tx: Transaction, ward_code: str, signals: Sequence[Signal], now: datetime
) -> list[Alarm]:
    """Raise an alarm for each signal whose device and kind has none; tell those that are new or signal again.

    An alarm that was restored and not reset is the same alarm when it signals again: it then stands as active and
    unseen once more, so that nobody resets what burns. The indexes decide, not a look beforehand: whoever else tries
    at the same time, there is one. First the same alarm, which waits for a reset under way, then a new one: the other
    way round smoke that returns during a reset would find the alarm still there, and then no longer.
    """
    again = [alarm for signal in signals for alarm in await _signal_again(tx, signal)]
    known = {(one.device_id, one.kind) for one in again}
    others = [one for one in signals if (one.device_id, one.kind) not in known]
    raised = again + await _raise_new(tx, ward_code, others, now)
    await outbox.add(tx, tables.outbox, now, *map(wire.alarm_raised, raised))
    return raised


async def restore_alarms(tx: Transaction, signals: Sequence[Signal], now: datetime) -> list[Alarm]:
    """Note that devices are back to normal; trouble ends with it, a fire alarm waits for a person."""
    keys = [(signal.device_id, signal.kind) for signal in signals]
    statement = (
        update(tables.alarms)
        .where(_SIGNALLING, tuple_(_alarms.device_id, _alarms.kind).in_(keys))
        .values(restored_at=now, version=_alarms.version + 1)
        .returning(tables.alarms)
    )
    restored = [alarm_of(row) for row in (await tx.execute(statement)).mappings()]
    await outbox.add(tx, tables.outbox, now, *map(wire.alarm_restored, restored))
    await _end_trouble(tx, restored, now)
    return restored


async def _end_trouble(tx: Transaction, restored: Iterable[Alarm], now: datetime) -> None:
    ending = [one.alarm_id for one in restored if one.kind.signal_class is SignalClass.TROUBLE]
    if not ending:
        return
    statement = (
        update(tables.alarms)
        .where(_alarms.alarm_id.in_(ending))
        .values(state=AlarmState.RESET, reset_at=now, version=_alarms.version + 1)
        .returning(tables.alarms)
    )
    ended = [alarm_of(row) for row in (await tx.execute(statement)).mappings()]
    await outbox.add(tx, tables.outbox, now, *map(wire.alarm_reset, ended))


async def _raise_new(
    tx: Transaction, ward_code: str, signals: Sequence[Signal], now: datetime
) -> list[Alarm]:
    if not signals:
        return []
    places = await _places(tx, {signal.device_id for signal in signals})
    rows = [_new_row(ward_code, one, places.get(one.device_id), now) for one in signals]
    return [alarm_of(row) for row in (await tx.execute(_RAISE, rows)).mappings()]


async def _signal_again(tx: Transaction, signal: Signal) -> list[Alarm]:
    statement = (
        update(tables.alarms)
        .where(
            _ACTIVE,
            _alarms.restored_at.is_not(None),
            _alarms.device_id == signal.device_id,
            _alarms.kind == signal.kind,
            # The very reading that raised it, delivered again.
            _alarms.observed_at != _moment(signal.observed_ms),
        )
        .values(
            state=AlarmState.ACTIVE,
            restored_at=None,
            acknowledged_at=None,
            acknowledged_by="",
            version=_alarms.version + 1,
        )
        .returning(tables.alarms)
    )
    return [alarm_of(row) for row in (await tx.execute(statement)).mappings()]


async def _places(tx: Transaction, device_ids: set[str]) -> dict[str, RowMapping]:
    """Tell where devices hang; those not on the register are missing."""
    rows = (await tx.execute(_PLACES, {"device_ids": list(device_ids)})).mappings()
    return {row["device_id"]: row for row in rows}


def _new_row(
    ward_code: str, signal: Signal, place: RowMapping | None, now: datetime
) -> dict[str, Any]:
    found: Mapping[Any, Any] = place or {}
    return row_of_alarm(
        Alarm(
            alarm_id=uuid4(),
            ward_code=ward_code,
            device_id=signal.device_id,
            device_known=place is not None,
            premises_id=found.get("premises_id") or "",
            zone_id=found.get("zone_id") or "",
            zone_name=found.get("name") or "",
            floor=found.get("floor") or 0,
            kind=AlarmKind(signal.kind),
            state=AlarmState.ACTIVE,
            observed_at=_moment(signal.observed_ms),
            raised_at=now,
            value=signal.value,
            threshold=signal.threshold,
            profile=signal.profile,
            clock_skewed=signal.clock_skewed,
            restored_at=None,
            acknowledged_at=None,
            acknowledged_by="",
            reset_at=None,
            reset_by="",
            disposition=Disposition.UNSPECIFIED,
            version=1,
        )
    )


async def _save(tx: Transaction, alarm: Alarm) -> None:
    await tx.execute(
        update(tables.alarms)
        .where(_alarms.alarm_id == alarm.alarm_id)
        .values(
            state=alarm.state,
            acknowledged_at=alarm.acknowledged_at,
            acknowledged_by=alarm.acknowledged_by,
            reset_at=alarm.reset_at,
            reset_by=alarm.reset_by,
            disposition=alarm.disposition,
            version=alarm.version,
        )
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
