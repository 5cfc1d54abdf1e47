"""What the register's days say of devices, compared with the alarms that stand."""

from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    Executable,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind
from fire_safety.tables.versions import in_force

Condition = tuple[str, AlarmKind]

_devices = tables.devices.c
_alarms = tables.alarms.c


async def load_begun(tx: Transaction, today: date, now: datetime, limit: int) -> list[Condition]:
    """Tell which conditions hold by the register and stand as no alarm yet."""
    begun = [
        select(_devices.device_id, literal(kind.value).label("kind")).where(
            _devices.retired.is_(False), holds, ~_stands(kind)
        )
        for kind, holds in _conditions(today, now).items()
    ]
    return await _conditions_of(tx, union_all(*begun).limit(limit))


async def load_ended(tx: Transaction, today: date, now: datetime, limit: int) -> list[Condition]:
    """Tell which alarms stand though the register says otherwise, and all troubles of retired devices.

    A condition that a device declared of itself names the profile that judged it, and is the device's to end.
    """
    ours = [
        and_(_alarms.kind == kind, _alarms.profile == "", func.coalesce(holds, False).is_(False))
        for kind, holds in _conditions(today, now).items()
    ]
    of_retired = and_(_devices.retired, _alarms.kind.not_in(FIRE_KINDS))
    statement = (
        select(_alarms.device_id, _alarms.kind)
        .join(tables.devices, _devices.device_id == _alarms.device_id)
        .where(tables.SIGNALLING, or_(of_retired, *ours))
        .limit(limit)
    )
    return await _conditions_of(tx, statement)


async def _conditions_of(tx: Transaction, statement: Executable) -> list[Condition]:
    return [(row.device_id, AlarmKind(row.kind)) for row in await tx.execute(statement)]


def _conditions(today: date, now: datetime) -> dict[AlarmKind, ColumnElement[bool]]:
    """Say when each condition holds; null where the register does not know."""
    intervals = tables.test_intervals.c
    interval_days = (
        select(intervals.interval_days)
        .where(intervals.kind == _devices.kind, in_force(intervals.effective_from, now))
        .order_by(intervals.version.desc())
        .limit(1)
        .correlate(tables.devices)
        .scalar_subquery()
    )
    # Whoever installs a device tests it.
    tested = func.coalesce(_devices.last_tested_on, _devices.installed_on)
    return {
        AlarmKind.END_OF_LIFE: _devices.end_of_life_on < today,
        AlarmKind.TEST_OVERDUE: or_(_devices.last_test_failed, tested + interval_days < today),
    }


def _stands(kind: AlarmKind) -> ColumnElement[bool]:
    return exists().where(
        tables.SIGNALLING, _alarms.device_id == _devices.device_id, _alarms.kind == kind
    )
