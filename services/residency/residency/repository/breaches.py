"""Breaches as an operation loads and saves them: with their history and their event, in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, insert, select, update

from chassis.clock import ward_day
from chassis.storage import outbox
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.protection.breaches import (
    Breach,
    BreachAct,
    BreachEntry,
    BreachIdentity,
    BreachNature,
    BreachNotFoundError,
    BreachSource,
    BreachState,
    DataCategory,
    NotificationTerm,
)
from residency.repository.limits import limit_in_force
from residency.repository.running_numbers import next_number
from residency.tables import breach_history, breaches
from residency.wire import breaches as wire

_SERIES = "VP"
_NATURE = tuple(BreachNature.__dataclass_fields__)


async def notification_term(tx: Transaction, day: date) -> NotificationTerm:
    """Tell by the limits in force within which time the authority is told."""
    return NotificationTerm(
        within=timedelta(hours=await limit_in_force(tx, "breach_notification", day)),
        soon=timedelta(hours=await limit_in_force(tx, "breach_notification_soon", day)),
    )


async def next_identity(
    tx: Transaction, ward_code: str, breach_id: UUID, now: datetime
) -> BreachIdentity:
    """Give a new breach its number."""
    number = await next_number(tx, _SERIES, ward_code, ward_day(now).year)
    return BreachIdentity(breach_id, number, ward_code)


async def add(tx: Transaction, breach: Breach, act: BreachAct, now: datetime) -> None:
    """Enter a breach, tell its history and publish it."""
    await tx.execute(insert(breaches).values(_columns(breach)))
    await note(tx, breach, BreachEntry(now, act, breach.recorded_by, ""))


async def save(tx: Transaction, breach: Breach, entry: BreachEntry) -> None:
    """Save a breach that something was done with, tell its history and publish it."""
    await save_clock(tx, breach)
    await note(tx, breach, entry)


async def save_clock(tx: Transaction, breach: Breach) -> None:
    """Save a breach without a word in its history."""
    changing = update(breaches).where(breaches.c.breach_id == breach.breach_id)
    await tx.execute(changing.values(_columns(breach)))


async def note(tx: Transaction, breach: Breach, entry: BreachEntry) -> None:
    """Tell the history of a breach, and publish that something was done."""
    values = {"breach_id": breach.breach_id, **vars(entry)}
    await tx.execute(insert(breach_history).values(values))
    await outbox.add(tx, tables.outbox, entry.at, wire.breach_moved(breach, entry.act))


async def announce(tx: Transaction, breach: Breach, *, overdue: bool, now: datetime) -> None:
    """Publish that the time to tell the authority runs out, or has run out."""
    await outbox.add(tx, tables.outbox, now, wire.notification_due(breach, overdue=overdue))


async def lock(tx: Transaction, breach_number: str) -> Breach:
    """Load a breach and have others who change it wait; raises BreachNotFoundError."""
    found = await _locked(tx, breaches.c.breach_number == breach_number)
    if found is None:
        raise BreachNotFoundError
    return found


async def lock_suspicion(tx: Transaction, account: str) -> Breach | None:
    """Load the breach that an account is suspected of, and have others who change it, or suspect the account, wait.

    They wait also where there is none: else two looks at once would each take a number, and one be of no breach.
    """
    await tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"suspicion of {account}"))))
    columns = breaches.c
    return await _locked(
        tx, (columns.suspect == account) & (columns.state == BreachState.SUSPECTED)
    )


async def take_due(tx: Transaction, now: datetime) -> Breach | None:
    """Take a breach whose clock is due to be told of; None if there is none that nobody else has taken."""
    statement = (
        select(breaches)
        .where(breaches.c.alert_at <= now)
        .order_by(breaches.c.alert_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await tx.execute(statement)).one_or_none()
    return breach_of(row) if row else None


async def load(tx: Transaction, breach_id: UUID) -> Breach:
    """Load a breach that is there."""
    statement = select(breaches).where(breaches.c.breach_id == breach_id)
    return breach_of((await tx.execute(statement)).one())


def breach_of(row: Row[Any]) -> Breach:
    """Read a breach."""
    nature = None
    if row.categories is not None:
        nature = BreachNature(
            categories=tuple(map(DataCategory, row.categories)),
            persons=row.persons,
            records=row.records,
            description=row.description,
            consequences=row.consequences,
        )
    return Breach(
        breach_id=row.breach_id,
        breach_number=row.breach_number,
        ward_code=row.ward_code,
        state=BreachState(row.state),
        source=BreachSource(row.source),
        found_at=row.found_at,
        found_by=row.found_by,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        notify_by=row.notify_by,
        alert_at=row.alert_at,
        suspect=row.suspect,
        nature=nature,
        measures=row.measures,
        notified_at=row.notified_at,
        authority_reference=row.authority_reference,
        waived_at=row.waived_at,
    )


def is_open() -> ColumnElement[bool]:
    """Say in SQL: the breach is not over."""
    return breaches.c.state.in_((BreachState.SUSPECTED, BreachState.OPEN))


def clock_runs() -> ColumnElement[bool]:
    """Say in SQL: the authority is still to be told, or it to be decided that it need not be."""
    return and_(is_open(), breaches.c.notified_at.is_(None), breaches.c.waived_at.is_(None))


def entry_columns() -> Sequence[ColumnElement[Any]]:
    """Name the columns that `entry_of` reads."""
    return [breach_history.c[name] for name in BreachEntry.__dataclass_fields__]


def entry_of(row: Row[Any]) -> BreachEntry:
    """Read what was done with a breach."""
    return BreachEntry(row.at, BreachAct(row.act), row.account, row.note)


async def _locked(tx: Transaction, which: ColumnElement[bool]) -> Breach | None:
    row = (await tx.execute(select(breaches).where(which).with_for_update())).one_or_none()
    return breach_of(row) if row else None


def _columns(breach: Breach) -> dict[str, Any]:
    columns = {name: value for name, value in vars(breach).items() if name != "nature"}
    known = vars(breach.nature) if breach.nature else dict.fromkeys(_NATURE)
    return columns | known
