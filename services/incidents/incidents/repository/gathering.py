"""What belongs to a row, gathered into arrays, so that one statement tells of many rows and all that is theirs."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, func, literal_column, select
from sqlalchemy.sql.selectable import LateralFromClause

from incidents import tables
from incidents.domain.rules.catalogue import ClockKind, ClockUnit
from incidents.domain.rules.deadlines import Deadline

_deadlines = tables.deadlines.c
# An empty array of whatever type it stands beside.
NONE: ColumnElement[Any] = literal_column("'{}'")
# A deadline, column by column; `deadlines_of` reads them.
DEADLINES: Mapping[str, ColumnElement[Any]] = {
    "clock_kinds": _deadlines.kind,
    "clock_units": _deadlines.unit,
    "clocks_due": _deadlines.due_at,
    "clocks_soon": _deadlines.soon_at,
    "clocks_paused": _deadlines.paused_at,
    "clocks_met": _deadlines.met_at,
    "clocks_stopped": _deadlines.stopped_at,
}


def gather(
    name: str,
    source: FromClause,
    belongs: ColumnElement[bool],
    order: Iterable[ColumnElement[Any]],
    **columns: ColumnElement[Any],
) -> LateralFromClause:
    """Gather columns of what belongs to the row at hand into arrays, all in one order; empty if nothing does."""
    arrays = [
        func.coalesce(func.array_agg(column).aggregate_order_by(*order), NONE).label(label)
        for label, column in columns.items()
    ]
    return select(*arrays).select_from(source).where(belongs).lateral(name)


def deadlines_of(row: Row[Any]) -> tuple[Deadline, ...]:
    """Read gathered DEADLINES, in the order in which they were gathered."""
    columns = (getattr(row, name) for name in DEADLINES)
    return tuple(
        Deadline(ClockKind(kind), ClockUnit(unit), *times)
        for kind, unit, *times in zip(*columns, strict=True)
    )
