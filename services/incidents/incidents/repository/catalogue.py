"""The catalogue in force on a day: of each code its newest version. Before the first day of all, the first is."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.selectable import Subquery

from chassis.storage.database import Transaction
from incidents.domain.rules.catalogue import (
    Category,
    CategoryNotFoundError,
    Clock,
    ClockKind,
    ClockUnit,
    PriorityRule,
    Reporter,
)
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority
from incidents.tables import categories, category_clocks, clock_warnings, priorities

_NONE: ColumnElement[Any] = literal_column("'{}'")


async def category_in_force(tx: Transaction, code: str, day: date) -> Category:
    """Load a category with its clocks; raises CategoryNotFoundError."""
    row = (await tx.execute(categories_on(day, code))).one_or_none()
    if row is None:
        raise CategoryNotFoundError
    return category_of(row)


def categories_on(day: date, code: str = "") -> Select[Any]:
    """Select the categories in force on a day, or one, each with its clocks in arrays, in order of their codes."""
    columns = categories.c
    versions = (
        select(categories)
        .ext(distinct_on(columns.code))
        .where(columns.effective_from <= func.greatest(day, _first(columns.effective_from)))
        .order_by(columns.code, columns.effective_from.desc())
    )
    newest = (versions.where(columns.code == code) if code else versions).subquery("newest")
    clocks = _clocks_on(day)
    arrays = [
        func.coalesce(func.array_agg(column).aggregate_order_by(clocks.c.kind), _NONE).label(
            f"clock_{column.name}"
        )
        for column in clocks.c
        if column.name != "category"
    ]
    own = select(*arrays).where(clocks.c.category == newest.c.code).lateral("own_clocks")
    return select(newest, *own.c).select_from(newest.join(own, true())).order_by(newest.c.code)


def priorities_on(day: date | ColumnElement[date]) -> Select[Any]:
    """Select what the priorities mean on a day, most urgent first."""
    columns = priorities.c
    return (
        select(priorities)
        .ext(distinct_on(columns.priority))
        .where(columns.effective_from <= func.greatest(day, _first(columns.effective_from)))
        .order_by(columns.priority, columns.effective_from.desc())
    )


def category_of(row: Row[Any]) -> Category:
    """Read a category with its clocks."""
    clocks = zip(
        row.clock_kind,
        row.clock_amount,
        row.clock_unit,
        row.clock_effective_from,
        row.clock_source,
        row.clock_warn_before,
        strict=True,
    )
    return Category(
        code=row.code,
        kind=IncidentKind(row.kind),
        name_vi=row.name_vi,
        name_en=row.name_en,
        priority=Priority(row.priority),
        reporters=frozenset(Reporter(one) for one in row.reporters),
        routed_to=row.routed_to,
        call_first=row.call_first,
        same_within_m=row.same_within_m,
        same_within=timedelta(minutes=row.same_within_min),
        retention_months=row.retention_months,
        effective_from=row.effective_from,
        source=row.source,
        clocks=tuple(
            Clock(ClockKind(kind), amount, ClockUnit(unit), since, source, warn_before)
            for kind, amount, unit, since, source, warn_before in clocks
        ),
    )


def priority_of(row: Row[Any]) -> PriorityRule:
    """Read what a priority means."""
    seconds = row.acknowledge_within_s
    return PriorityRule(
        priority=Priority(row.priority),
        name_vi=row.name_vi,
        name_en=row.name_en,
        acknowledge_within=None if seconds is None else timedelta(seconds=seconds),
        effective_from=row.effective_from,
        source=row.source,
    )


def _clocks_on(day: date) -> Subquery:
    columns, warnings = category_clocks.c, clock_warnings.c
    warn_before = (
        select(warnings.amount)
        .where(warnings.kind == columns.kind, warnings.unit == columns.unit)
        .where(warnings.effective_from <= func.greatest(day, _first(warnings.effective_from)))
        .order_by(warnings.effective_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(category_clocks, warn_before.label("warn_before"))
        .ext(distinct_on(columns.category, columns.kind))
        .where(columns.effective_from <= func.greatest(day, _first(columns.effective_from)))
        .order_by(columns.category, columns.kind, columns.effective_from.desc())
        .subquery("clocks")
    )


def _first(effective_from: ColumnElement[date]) -> ColumnElement[date]:
    return select(func.min(effective_from)).correlate(None).scalar_subquery()
