"""How often fire alarms were false."""

from decimal import Decimal

from sqlalchemy import ColumnElement, RowMapping, and_, case, func, literal, or_, select
from sqlalchemy.types import DateTime

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.alarms.alarm import FALSE_DISPOSITIONS, FIRE_KINDS, Disposition
from fire_safety.domain.alarms.rates import Grouping, Outcomes, Rate, RateFilter, RatePosition

_alarms, _devices, _changes = tables.alarms.c, tables.devices.c, tables.device_changes.c
_SAID = [one for one in Disposition if one is not Disposition.UNSPECIFIED]
_FALSE = _alarms.disposition.in_(sorted(FALSE_DISPOSITIONS))
_COUNTS = [func.count().filter(_alarms.disposition == one).label(one) for one in _SAID]
_SUBJECTS = {
    Grouping.DEVICE: (_alarms.device_id, _devices.device_id),
    Grouping.PREMISES: (_alarms.premises_id, _devices.premises_id),
}
_DAY_S = 86_400


class RateQueries:
    """Asks for false alarm rates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_rates(
        self, chosen: RateFilter, after: RatePosition | None, limit: int
    ) -> list[Rate]:
        """Give outcomes by device or premises, most false alarms first."""
        of_alarm, of_device = _SUBJECTS[chosen.grouping]
        counted = (
            select(of_alarm.label("subject"), func.count().filter(_FALSE).label("false"), *_COUNTS)
            .where(*_ended_within(chosen))
            .group_by(of_alarm)
            .subquery("counted")
        )
        there = (
            select(
                of_device.label("subject"),
                func.max(_devices.premises_id).label("premises"),
                _device_days(chosen).label("days"),
            )
            .group_by(of_device)
            .subquery("there")
        )
        statement = (
            select(counted, there.c.premises, func.coalesce(there.c.days, 0).label("days"))
            .select_from(counted.outerjoin(there, there.c.subject == counted.c.subject))
            .order_by(counted.c.false.desc(), counted.c.subject)
            .limit(limit)
        )
        if after:
            fewer = counted.c.false < after.false_alarms
            next_id = counted.c.subject > after.subject_id
            same = counted.c.false == after.false_alarms
            statement = statement.where(or_(fewer, and_(same, next_id)))
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).mappings().all()
        return [_rate_of(row, chosen.grouping) for row in rows]

    async def total(self, chosen: RateFilter) -> Outcomes:
        """Give the outcomes of all, with the days of all devices, those without an alarm included."""
        days = select(func.coalesce(_device_days(chosen), 0)).where(*_hangs_within(chosen))
        statement = select(*_COUNTS, days.scalar_subquery().label("days")).where(
            *_ended_within(chosen)
        )
        async with self._database.transaction() as tx:
            return _outcomes_of((await tx.execute(statement)).mappings().one())


def _ended_within(chosen: RateFilter) -> list[ColumnElement[bool]]:
    """Say which alarms count: fire alarms that a person reset within the period."""
    conditions = [
        _alarms.kind.in_(sorted(FIRE_KINDS)),
        _alarms.disposition != Disposition.UNSPECIFIED,
        _alarms.reset_at >= chosen.begins_at,
        _alarms.reset_at < chosen.ends_at,
    ]
    if chosen.premises_id:
        conditions.append(_alarms.premises_id == chosen.premises_id)
    return conditions


def _hangs_within(chosen: RateFilter) -> list[ColumnElement[bool]]:
    return [_devices.premises_id == chosen.premises_id] if chosen.premises_id else []


def _device_days(chosen: RateFilter) -> ColumnElement[float | Decimal]:
    """Sum the days of devices within the period: from when they hung there and were on the register, to their end.

    Of what a device did before nothing could be heard, so that it would count as a time without false alarms.
    """
    begins_at = literal(chosen.begins_at, DateTime(timezone=True))
    ends_at = literal(chosen.ends_at, DateTime(timezone=True))
    registered_at = (
        select(func.min(_changes.changed_at))
        .where(_changes.device_id == _devices.device_id)
        .scalar_subquery()
    )
    # Leaves out what is not known.
    since = func.greatest(begins_at, _devices.installed_on, registered_at)
    until = case((_devices.retired, func.least(ends_at, _devices.changed_at)), else_=ends_at)
    seconds = func.extract("epoch", until - since)
    return func.sum(func.greatest(seconds, 0)) / _DAY_S


def _rate_of(row: RowMapping, grouping: Grouping) -> Rate:
    by_device = grouping is Grouping.DEVICE
    premises_id = (row["premises"] or "") if by_device else row["subject"]
    return Rate(row["subject"] if by_device else "", premises_id, _outcomes_of(row))


def _outcomes_of(row: RowMapping) -> Outcomes:
    return Outcomes({one: row[one] for one in _SAID}, float(row["days"]))
