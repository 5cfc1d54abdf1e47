"""Rows of two times: when it was so, and since when it is known.

`valid_from`, `valid_until` and `ended_on` are the ward's days on which it was so; `recorded_at`, `end_recorded_at`
and `superseded_at` are the instants since which it is known. A row is entered once, ended at most once and superseded
at most once: by the row that corrects it, or by none where it never was so. Nothing of it is rewritten, so
that what was known at any instant can be told.
"""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Computed,
    Date,
    ForeignKey,
    FromClause,
    Text,
    case,
    func,
    literal_column,
    or_,
)
from sqlalchemy.schema import SchemaItem

from residency.tables.metadata import INSTANT

# What the service may change in such a row; a trigger sees to it that it does so once.
CHANGEABLE = ("ended_on", "end_recorded_at", "superseded_at")


def bitemporal(table: str, key: str) -> tuple[SchemaItem, ...]:
    """Declare the columns of the two times, and who entered the row, in which case, in whose place."""
    return (
        Column("valid_from", Date, nullable=False),
        Column("valid_until", Date),
        Column("recorded_at", INSTANT, nullable=False),
        Column("ended_on", Date),
        Column("end_recorded_at", INSTANT),
        Column("ends_on", Date, Computed("coalesce(ended_on, valid_until)", persisted=True)),
        Column("superseded_at", INSTANT),
        Column("corrects", ForeignKey(f"{table}.{key}"), unique=True),
        # The account that entered it, and the case number it gave; empty where rows were loaded.
        Column("recorded_by", Text, nullable=False, server_default=""),
        Column("reference", Text, nullable=False, server_default=""),
        CheckConstraint("valid_from < valid_until", name=f"{table}_term"),
        CheckConstraint("ended_on between valid_from and valid_until", name=f"{table}_end"),
        CheckConstraint(
            "(ended_on is null) = (end_recorded_at is null)", name=f"{table}_end_recorded"
        ),
    )


def days() -> ColumnElement[object]:
    """Say in SQL, for exclusion constraints: the days on which the row was so."""
    return func.daterange(literal_column("valid_from"), literal_column("ends_on"))


def known(table: FromClause, at: datetime | None) -> ColumnElement[bool]:
    """Select what is on the register as it is known now (None), or as it was known at an instant."""
    if at is None:
        return table.c.superseded_at.is_(None)
    not_yet = or_(table.c.superseded_at.is_(None), table.c.superseded_at > at)
    return (table.c.recorded_at <= at) & not_yet


def holds_on(
    table: FromClause, day: date | ColumnElement[date], at: datetime | None = None
) -> ColumnElement[bool]:
    """Select what was so on a day, as it is known now (None) or was known at an instant."""
    ends_on = known_end(table, at)
    return known(table, at) & (table.c.valid_from <= day) & or_(ends_on.is_(None), ends_on > day)


def known_end(table: FromClause, at: datetime | None) -> ColumnElement[date]:
    """Give the first day on which it was no longer so, as it is known now (None) or was known at an instant."""
    if at is None:
        return table.c.ends_on
    return case((table.c.end_recorded_at <= at, table.c.ended_on), else_=table.c.valid_until)


def known_ended_on(table: FromClause, at: datetime | None) -> ColumnElement[date | None]:
    """Give the day on which it was ended before its term, as it is known now (None) or was known at an instant."""
    if at is None:
        return table.c.ended_on
    return case((table.c.end_recorded_at <= at, table.c.ended_on))
