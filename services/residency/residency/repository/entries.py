"""What all entries of the register have done to them: ended once, superseded once."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, RowMapping, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Transaction
from residency.domain.residence.registrations import Correction, Origin, Term


async def end(
    tx: Transaction, table: Table, entry_id: UUID, ended_on: date, now: datetime
) -> None:
    """Record the end of an entry."""
    await _change(tx, table, entry_id, ended_on=ended_on, end_recorded_at=now)


async def supersede(tx: Transaction, table: Table, entry_id: UUID, now: datetime) -> None:
    """Record that an entry no longer holds."""
    await _change(tx, table, entry_id, superseded_at=now)


def times(term: Term, origin: Origin, now: datetime) -> dict[str, Any]:
    """Give the columns that say when a new entry is so, and since when and from whom it is known."""
    return {
        "valid_from": term.valid_from,
        "valid_until": term.valid_until,
        "recorded_at": now,
        "recorded_by": origin.account,
        "reference": origin.reference,
    }


def corrected(
    correction: Correction, corrects: UUID, origin: Origin, now: datetime
) -> dict[str, Any]:
    """Give the same columns for the entry that corrects another."""
    ended = correction.ended_on
    return times(correction.term, origin, now) | {
        "corrects": corrects,
        "ended_on": ended,
        "end_recorded_at": None if ended is None else now,
    }


def term_of(row: Row[Any]) -> Term:
    """Read the term an entry was given."""
    return Term(row.valid_from, row.valid_until)


def violated(error: IntegrityError) -> str | None:
    """Name the constraint that refused a statement."""
    cause = error.orig.__cause__ if error.orig else None
    return getattr(cause, "constraint_name", None)


async def holding(tx: Transaction, table: Table, which: ColumnElement[bool]) -> list[RowMapping]:
    """Load the entries that hold, in order of their ids."""
    (key,) = table.primary_key
    statement = select(table).where(which, table.c.superseded_at.is_(None)).order_by(key)
    return list((await tx.execute(statement)).mappings())


async def descended(
    tx: Transaction, table: Table, reference: str
) -> list[tuple[UUID, RowMapping]]:
    """Load the entries that hold of those entered in a case in the place of others, or that correct these by now.

    Each with the id of the entry in whose place it, or what it corrects, was entered; in order of their ids.
    """
    (key,) = table.primary_key
    entered = (
        select(key.label("entry_id"), table.c.corrects.label("came_from"))
        .where(table.c.reference == reference, table.c.corrects.is_not(None))
        .cte("entered", recursive=True)
    )
    correcting = select(key, entered.c.came_from).where(table.c.corrects == entered.c.entry_id)
    entered = entered.union(correcting)
    statement = (
        select(table, entered.c.came_from)
        .join(entered, entered.c.entry_id == key)
        .where(table.c.superseded_at.is_(None))
        .order_by(key)
    )
    return [(row["came_from"], row) for row in (await tx.execute(statement)).mappings()]


async def give_to(
    tx: Transaction,
    table: Table,
    entry: RowMapping,
    changed: Mapping[str, Any],
    origin: Origin,
    now: datetime,
) -> None:
    """Enter what an entry says, as known from now on, of another person in its place; `changed` has the new id too."""
    (key,) = table.primary_key
    said = {column.name: entry[column.name] for column in table.columns if not column.computed}
    times = {
        "recorded_at": now,
        "recorded_by": origin.account,
        "reference": origin.reference,
        "corrects": entry[key.name],
        "end_recorded_at": None if entry["ended_on"] is None else now,
    }
    await supersede(tx, table, entry[key.name], now)
    await tx.execute(insert(table).values(said | times | dict(changed)))


async def _change(tx: Transaction, table: Table, entry_id: UUID, **values: Any) -> None:  # noqa: ANN401 - a row's
    (key,) = table.primary_key
    await tx.execute(update(table).where(key == entry_id).values(**values))
