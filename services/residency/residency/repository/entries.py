"""What all entries of the register have done to them: ended once, superseded once."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, update
from sqlalchemy.exc import IntegrityError

from chassis.database import Transaction
from residency.domain.residence import Correction, Origin, Term


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


async def _change(tx: Transaction, table: Table, entry_id: UUID, **values: Any) -> None:  # noqa: ANN401 - a row's
    (key,) = table.primary_key
    await tx.execute(update(table).where(key == entry_id).values(**values))
