"""What is odd in the account of every look, from its records, their pseudonyms and the counts of lookups."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Subquery,
    Text,
    Uuid,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from chassis.clock import ward_day, ward_time
from chassis.storage.database import Database, Transaction
from residency.domain.cases.population import METHOD
from residency.domain.lookups.anomalies import Anomaly, AnomalyKind
from residency.repository.cases import working_calendar
from residency.repository.limits import in_force
from residency.tables import (
    access_records,
    dwellings,
    lookup_usage,
    persons,
    registrations,
)

_WARD_ZONE = "Asia/Ho_Chi_Minh"
# Who works by day; others are on duty at any hour.
_BY_DAY = ("residence_officer", "data_protection_officer")
_NO_BUILDING = UUID(int=0)
_records = access_records.c
# Who is shown beside another in one answer belongs to the same look (`access_log.records_of`): ids of version 5.
_A_LOOK = func.substr(cast(_records.record_id, Text), 15, 1) != "5"
# Names in an emergency are those of a whole building, and reviewed one by one.
_BREAKING_GLASS = "/ward.residency.v1.LookupService/DiscloseOccupants"
# As the access records name a person (`sealing.subject_of`).
_SUBJECT = func.encode(func.substring(persons.c.number_index, 1, 16), "hex")


class AnomalyQueries:
    """Reports what is odd, for the data protection officer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_anomalies(
        self, since: datetime, until: datetime, after: Anomaly | None, limit: int
    ) -> list[Anomaly]:
        """List what was odd from an instant on and until before another, newest first, behind `after` only."""
        async with self._database.transaction() as tx:
            found = (await _found(tx, since, until)).c
            place = (found.since, found.kind, found.account, found.building_id)
            statement = select(*place, found.occurrences, found.threshold)
            if after:
                statement = statement.where(tuple_(*place) < tuple_(*_place(after)))
            statement = statement.order_by(*(one.desc() for one in place)).limit(limit)
            return [
                Anomaly(
                    kind=AnomalyKind(row.kind),
                    account=row.account,
                    since=row.since,
                    occurrences=row.occurrences,
                    threshold=row.threshold,
                    building_id=None if row.building_id == _NO_BUILDING else row.building_id,
                )
                for row in await tx.execute(statement)
            ]

    async def count_today(self, now: datetime) -> dict[AnomalyKind, int]:
        """Count by rule what was odd in the ward's present day."""
        async with self._database.transaction() as tx:
            found = await _found(tx, ward_time(ward_day(now)), now)
            statement = select(found.c.kind, func.count().label("odd")).group_by(found.c.kind)
            counted = {row.kind: row.odd for row in await tx.execute(statement)}
        return {one: counted.get(one, 0) for one in AnomalyKind}


async def _found(tx: Transaction, since: datetime, until: datetime) -> Subquery:
    """Select what was odd between two instants, by all rules in force on the day of the later one."""
    day = ward_day(until)
    days_off = (await working_calendar(tx)).days_off(ward_day(since), day)
    looked = _records.recorded_at.between(since, until)
    counted = lookup_usage.c.window_start.between(since, until)
    return union_all(
        _hourly(AnomalyKind.RATE, looked & _A_LOOK & (_records.outcome == "OK"), day),
        _hourly(AnomalyKind.REFUSALS, looked & (_records.outcome != "OK"), day),
        _counted(AnomalyKind.MISSES, counted, day),
        _counted(AnomalyKind.SEQUENCES, counted, day),
        _neighbours(looked, day),
        _out_of_shift(looked, day, days_off),
    ).subquery()


def _hourly(kind: AnomalyKind, which: ColumnElement[bool], day: date) -> Select[Any]:
    hour = func.date_trunc("hour", _records.recorded_at)
    return _by_account(kind, hour, func.count(), day).where(which)


def _counted(kind: AnomalyKind, which: ColumnElement[bool], day: date) -> Select[Any]:
    usage, threshold = lookup_usage.c, in_force(_rule(kind), day)
    return select(
        literal(kind.value).label("kind"),
        usage.account,
        usage.window_start.label("since"),
        usage["count"].label("occurrences"),
        threshold.label("threshold"),
        cast(literal(_NO_BUILDING), Uuid).label("building_id"),
    ).where(which, usage.pattern == kind.value, usage["count"] >= threshold)


def _neighbours(which: ColumnElement[bool], day: date) -> Select[Any]:
    different = func.count(persons.c.person_id.distinct())
    building = dwellings.c.building_id
    return (
        _by_account(AnomalyKind.NEIGHBOURS, _ward_day(), different, day, building)
        .join(persons, _records.subject == _SUBJECT)
        .join(registrations, registrations.c.person_id == persons.c.person_id)
        .join(dwellings, dwellings.c.dwelling_id == registrations.c.dwelling_id)
        .where(which, _records.method != _BREAKING_GLASS)
        .group_by(building)
    )


def _out_of_shift(which: ColumnElement[bool], day: date, days_off: Sequence[date]) -> Select[Any]:
    local = func.timezone(_WARD_ZONE, _records.recorded_at)
    hour = extract("hour", local)
    outside = or_(
        hour < in_force("shift_first_hour", day),
        hour >= in_force("shift_end_hour", day),
        cast(local, Date).in_(days_off),
    )
    return _by_account(AnomalyKind.OUT_OF_SHIFT, _ward_day(), func.count(), day).where(
        which, _A_LOOK, _records.roles.overlap(_BY_DAY), outside
    )


def _by_account(
    kind: AnomalyKind,
    since: ColumnElement[Any],
    occurrences: ColumnElement[int],
    day: date,
    building_id: ColumnElement[Any] | None = None,
) -> Select[Any]:
    """Select what each account did in times that began then, as often as the threshold in force or oftener.

    What is asked of the population database, again and again while it is away, follows from cases and is no odd look.
    """
    threshold = in_force(_rule(kind), day)
    building = cast(literal(_NO_BUILDING), Uuid) if building_id is None else building_id
    return (
        select(
            literal(kind.value).label("kind"),
            _records.account,
            since.label("since"),
            occurrences.label("occurrences"),
            threshold.label("threshold"),
            building.label("building_id"),
        )
        .select_from(access_records)
        .where(_records.account != "", _records.method != METHOD)
        .group_by(_records.account, since)
        .having(occurrences >= threshold)
    )


def _rule(kind: AnomalyKind) -> str:
    return f"anomaly_{kind.lower()}"


def _ward_day() -> ColumnElement[Any]:
    return func.date_trunc("day", _records.recorded_at, _WARD_ZONE)


def _place(after: Anomaly) -> tuple[ColumnElement[Any], ...]:
    building = after.building_id or _NO_BUILDING
    return (
        literal(after.since),
        literal(after.kind.value),
        literal(after.account),
        cast(literal(building), Uuid),
    )
