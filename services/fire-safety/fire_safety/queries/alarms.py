"""Alarms."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    desc,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.alarms.alarm import (
    Alarm,
    AlarmFigures,
    AlarmFilter,
    AlarmKind,
    AlarmNotFoundError,
    AlarmPosition,
    AlarmState,
    SignalClass,
)
from fire_safety.repository.rows import alarm_of

_alarms = tables.alarms.c
# Those that alarms have; others are of suppressed signals.
_CLASSES = (SignalClass.ALARM, SignalClass.SUPERVISORY, SignalClass.TROUBLE)


class AlarmQueries:
    """Asks for alarms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_alarm(self, alarm_id: UUID) -> Alarm:
        """Give an alarm; raises AlarmNotFoundError."""
        async with self._database.transaction() as tx:
            found = await tx.execute(select(tables.alarms).where(_alarms.alarm_id == alarm_id))
            row = found.mappings().one_or_none()
        if row is None:
            raise AlarmNotFoundError
        return alarm_of(row)

    async def list_alarms(
        self, chosen: AlarmFilter, after: AlarmPosition | None, limit: int
    ) -> list[Alarm]:
        """Give alarms, newest first."""
        statement = select(tables.alarms).where(*_chosen(chosen))
        if after:
            place = tuple_(_alarms.raised_at, _alarms.alarm_id)
            statement = statement.where(place < (after.raised_at, after.alarm_id))
        newest_first = (desc(_alarms.raised_at), desc(_alarms.alarm_id))
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(*newest_first).limit(limit))
            return [alarm_of(row) for row in rows.mappings()]

    async def figures(self) -> dict[SignalClass, AlarmFigures]:
        """Count open alarms by class."""
        of_class = case(*((_of_class(one), literal(one.value)) for one in _CLASSES))
        unseen = _alarms.acknowledged_at.is_(None)
        statement = (
            select(
                of_class.label("signal_class"),
                func.count().label("open"),
                func.count().filter(unseen).label("unacknowledged"),
                func.min(_alarms.raised_at).filter(unseen).label("oldest_at"),
            )
            .where(tables.OPEN)
            .group_by(literal_column("1"))
        )
        async with self._database.transaction() as tx:
            found = {
                row.signal_class: AlarmFigures(row.open, row.unacknowledged, row.oldest_at)
                for row in await tx.execute(statement)
            }
        return {one: found.get(one, AlarmFigures()) for one in _CLASSES}


def _chosen(chosen: AlarmFilter) -> Iterator[ColumnElement[bool]]:
    if chosen.premises_id:
        yield _alarms.premises_id == chosen.premises_id
    if chosen.device_id:
        yield _alarms.device_id == chosen.device_id
    if chosen.signal_class:
        yield _of_class(chosen.signal_class)
    else:
        yield _alarms.kind != AlarmKind.SYSTEM_STATUS
    if chosen.state:
        yield _alarms.state == chosen.state
    if chosen.open_only:
        yield tables.OPEN
    if chosen.shelved_only:
        yield _alarms.shelved_until.is_not(None)


def _of_class(signal_class: SignalClass) -> ColumnElement[bool]:
    """Say which alarms are of a class: a pre-alarm is supervisory, whatever its kind."""
    waits = _alarms.state == AlarmState.PRE_ALARM
    of_kind = _alarms.kind.in_([one for one in AlarmKind if one.signal_class is signal_class])
    if signal_class is SignalClass.SUPERVISORY:
        return or_(waits, of_kind)
    return and_(of_kind, ~waits)
