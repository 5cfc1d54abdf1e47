"""What is measured of a period, in SQL: each indicator as a whole and by its parts, in rows of one shape.

Incidents count in the period in which they were opened, reports in that in which they were received. Durations and late
acknowledgements come from an incident's own timeline, so that a merge neither hides nor moves them; in counts an
incident that was merged is none. Exercises count nowhere.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Double,
    Select,
    Subquery,
    Text,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    select,
    union_all,
)

from incidents import tables
from incidents.domain.incidents.incident import Disposition
from incidents.domain.lifecycle.durations import TASKS
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.lifecycle.timeline import EntryKind
from incidents.domain.reviews.indicators import BY_GROUP, BY_PREMISES
from incidents.domain.reviews.periods import Period
from incidents.domain.rules.catalogue import ClockKind
from incidents.domain.rules.kinds import IncidentKind
from incidents.repository.reports import ongoing_incidents

_EXPLOSION = "explosion"
_ZONE = "Asia/Ho_Chi_Minh"
_FALSE = (Disposition.NUISANCE, Disposition.FAULT, Disposition.MALICIOUS)
# An accident that was none, or that nobody could find.
_GROUNDLESS = (Disposition.UNFOUNDED, Disposition.WITHDRAWN)


def measured(period: Period, now: datetime) -> CompoundSelect[Any]:
    """Select what is measured of a period: indicator, part, part_name, numerator, denominator, median_s, p95_s."""
    columns = tables.incidents.c
    opened = (
        select(tables.incidents)
        .where(columns.opened_at >= period.begins_at, columns.opened_at < period.ends_at)
        .where(~columns.exercise)
        .cte("opened")
        .alias("incident")
    )
    incident = opened.c
    counted = select(opened).where(incident.duplicate_of.is_(None)).subquery("counted")
    return union_all(
        *_deadlines(period, now),
        *_counts(counted.c),
        *_road_victims(counted),
        _acknowledged_late(opened, now),
        *_durations(opened),
        *_false_alarms(counted),
    )


def _deadlines(period: Period, now: datetime) -> list[Select[Any]]:
    """Count deadlines that were met or are past; those still to come say nothing yet."""
    report = tables.reports.c
    owed = (
        select(report.kind.label("report_kind"), *tables.deadlines.c)
        .join(tables.deadlines, tables.deadlines.c.report_id == report.report_id)
        .where(report.received_at >= period.begins_at, report.received_at < period.ends_at)
        .subquery("owed")
    )
    deadline = owed.c
    # What is paused, or has ended with its incident, is as late as it was then.
    until = func.coalesce(deadline.stopped_at, deadline.paused_at, now)
    missed = until > deadline.due_at
    decided = deadline.met_at.is_not(None) | missed
    transfers = (deadline.report_kind == IncidentKind.CRIME_REPORT) & (
        deadline.kind == ClockKind.TRANSFER
    )
    in_time = _select(
        "crime_reports_transferred_in_time",
        func.count().filter(decided, ~missed),
        denominator=func.count().filter(decided),
    ).where(transfers)
    late = _select(
        "deadlines_missed",
        func.count().filter(missed),
        part=deadline.kind,
        denominator=func.count().filter(decided),
    )
    return [in_time.select_from(owed), late.select_from(owed)]


def _counts(incident: Any) -> list[Select[Any]]:  # noqa: ANN401 - columns of a subquery
    was_fire = incident.disposition == Disposition.FIRE
    exploded = incident.category == _EXPLOSION
    accident = (
        (incident.kind == IncidentKind.ROAD_ACCIDENT)
        & (incident.state != IncidentState.FALSE_ALARM)
        & func.coalesce(incident.disposition, "").not_in(_GROUNDLESS)
    )
    number = func.count()
    return [
        _select("fires", number, part=incident.severity).where(was_fire, ~exploded),
        _select("explosions", number, part=incident.severity).where(was_fire, exploded),
        _select("road_accidents", number, part=incident.severity).where(accident),
        _select("incidents", number, part=incident.kind),
    ]


def _road_victims(counted: Subquery) -> list[Select[Any]]:
    """Count for each accident the highest number that a report of it tells: several tell of the same victims."""
    accidents, reports = tables.road_accidents.c, tables.reports
    told = select(reports).join(tables.road_accidents, accidents.report_id == reports.c.report_id)
    ongoing = ongoing_incidents(told.subquery("told"))
    highest = (
        select(
            func.max(accidents.fatalities).label("deaths"),
            func.max(accidents.injured).label("injuries"),
        )
        .join(ongoing, ongoing.c.report_id == accidents.report_id)
        .join(counted, counted.c.incident_id == ongoing.c.incident_id)
        .where(counted.c.state != IncidentState.FALSE_ALARM)
        .where(func.coalesce(counted.c.disposition, "").not_in(_GROUNDLESS))
        .group_by(ongoing.c.incident_id)
        .subquery("highest")
    )
    return [
        _select(f"road_{one.name}", func.coalesce(func.sum(one), 0)).select_from(highest)
        for one in highest.c
    ]


def _acknowledged_late(opened: Any, now: datetime) -> Select[Any]:  # noqa: ANN401 - an alias
    """Count those taken on late, and those that are late and that nobody has taken on."""
    incident, rules = opened.c, tables.priorities.c
    first = select(func.min(rules.effective_from)).correlate(None).scalar_subquery()
    day = cast(func.timezone(_ZONE, incident.opened_at), Date)
    allowed_s = (
        select(rules.acknowledge_within_s)
        .where(rules.priority == incident.priority)
        .where(rules.effective_from <= func.greatest(day, first))
        .order_by(rules.effective_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    timed = select(
        incident.priority,
        incident.acknowledged_at,
        (incident.opened_at + func.make_interval(0, 0, 0, 0, 0, 0, allowed_s)).label("due_at"),
    ).subquery("timed")
    late = func.coalesce(timed.c.acknowledged_at, now) > timed.c.due_at
    return _select(
        "acknowledged_late",
        func.count().filter(late),
        part=timed.c.priority,
        denominator=func.count().filter(timed.c.acknowledged_at.is_not(None) | late),
    ).where(timed.c.due_at.is_not(None))


def _durations(opened: Any) -> list[Select[Any]]:  # noqa: ANN401 - an alias
    """Measure the incidents that got so far, from their opening; `domain.durations` says the same of one."""
    incident, entry = opened.c, tables.timeline.c

    def first(*kinds: EntryKind) -> ColumnElement[Any]:
        return func.min(entry.at).filter(entry.kind.in_(kinds))

    firsts = (
        select(
            entry.incident_id,
            first(EntryKind.ACKNOWLEDGED).label("acknowledge"),
            first(*TASKS).label("assign"),
            first(EntryKind.ON_SCENE).label("arrive"),
        )
        .join(opened, incident.incident_id == entry.incident_id)
        .group_by(entry.incident_id)
        .subquery("firsts")
    )
    lasted = (
        select(
            incident.priority,
            *(
                cast(extract("epoch", at - incident.opened_at), Double).label(name)
                for name, at in (
                    ("acknowledge", firsts.c.acknowledge),
                    ("assign", firsts.c.assign),
                    ("arrive", firsts.c.arrive),
                    ("close", incident.ended_at),
                )
            ),
        )
        .join(firsts, firsts.c.incident_id == incident.incident_id)
        .subquery("lasted")
    )
    return [
        _select(
            f"time_to_{one.name}",
            func.count(one),
            part=lasted.c.priority,
            denominator=func.count(),
            median_s=func.percentile_cont(0.5).within_group(one.asc()),
            p95_s=func.percentile_cont(0.95).within_group(one.asc()),
        )
        for one in lasted.c
        if one.name != "priority"
    ]


def _false_alarms(counted: Subquery) -> list[Select[Any]]:
    """Count fire incidents that an officer found to be false, of those judged: what was tried or drilled is neither."""
    incident, premises = counted.c, tables.premises.c
    false = (incident.state == IncidentState.FALSE_ALARM) | incident.disposition.in_(_FALSE)
    judged = (incident.kind == IncidentKind.FIRE) & (
        false | (incident.disposition == Disposition.FIRE)
    )
    placed = (
        select(
            incident.premises_id,
            func.coalesce(premises.name, "").label("name"),
            func.coalesce(premises.residential_group, 0).label("residential_group"),
            false.label("false"),
        )
        .select_from(
            counted.outerjoin(tables.premises, premises.premises_id == incident.premises_id)
        )
        .where(judged)
        .subquery("placed")
    )
    number = func.count().filter(placed.c.false)
    return [
        _select(
            BY_PREMISES,
            number,
            part=placed.c.premises_id,
            part_name=func.max(placed.c.name),
            denominator=func.count(),
        ).where(placed.c.premises_id != ""),
        _select(
            BY_GROUP,
            number,
            part=placed.c.residential_group,
            denominator=func.count(),
        ),
    ]


def _select(
    indicator: str,
    numerator: ColumnElement[Any],
    *,
    part: ColumnElement[Any] | None = None,
    part_name: ColumnElement[Any] | None = None,
    denominator: ColumnElement[Any] | None = None,
    median_s: ColumnElement[Any] | None = None,
    p95_s: ColumnElement[Any] | None = None,
) -> Select[Any]:
    """Select an indicator as a whole, also where there is nothing to count, and by its parts if it has some."""
    whole: ColumnElement[Any] = literal("")
    named = part if part is None else case((func.grouping(part) == 1, ""), else_=cast(part, Text))
    called = whole if part_name is None else case((func.grouping(part) == 1, ""), else_=part_name)
    row = select(
        literal(indicator).label("indicator"),
        cast(whole if named is None else named, Text).label("part"),
        cast(called, Text).label("part_name"),
        cast(numerator, BigInteger).label("numerator"),
        cast(null() if denominator is None else denominator, BigInteger).label("denominator"),
        cast(null() if median_s is None else median_s, Double).label("median_s"),
        cast(null() if p95_s is None else p95_s, Double).label("p95_s"),
    )
    return row if part is None else row.group_by(func.rollup(part))
