"""Reminders: what is due, and what was told, with its event in one transaction."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, Text, case, cast, exists, select
from sqlalchemy.dialects.postgresql import insert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.cases.states import WITH_OFFICERS
from residency.domain.residence.reminders import Reminder, ReminderKind, ReminderTimes
from residency.repository.limits import limit_in_force
from residency.tables import (
    case_registrations,
    cases,
    dwellings,
    guest_stays,
    premises_places,
    registrations,
    reminders,
)
from residency.tables.bitemporal import known
from residency.wire import reminders as wire

_TERM = registrations.c


async def times(tx: Transaction, today: date) -> ReminderTimes:
    """Load when reminders are due."""
    return ReminderTimes(
        renewal_days=await limit_in_force(tx, "renewal_window", today),
        late_days=await limit_in_force(tx, "reminder_lateness", today),
        list_hour=await limit_in_force(tx, "reminder_lodging_list", today),
        morning_hour=await limit_in_force(tx, "lodging_late_deadline", today),
    )


async def terms_due(
    tx: Transaction, due: ReminderTimes, today: date, limit: int
) -> list[Reminder]:
    """Load some reminders of terms that nobody renewed: of their last days, or that they have ended."""
    first, last = due.terms_ending(today)
    terms = _terms(first, last, _TERM.registration_id, _TERM.dwelling_id).cte("terms")
    entries = _entries_of(terms)
    of_term = entries.c.registration_id == terms.c.registration_id
    kind = case(
        (terms.c.valid_until > today, ReminderKind.RENEWAL_OPEN.value),
        else_=ReminderKind.TERM_ENDED.value,
    )
    told = exists().where(
        of_term,
        reminders.c.kind == kind,
        reminders.c.about == cast(entries.c.entry_id, Text),
        reminders.c.day == terms.c.valid_until,
    )
    case_number = (
        select(cases.c.case_number)
        .select_from(cases.join(case_registrations))
        .join(entries, entries.c.entry_id == case_registrations.c.registration_id)
        .where(of_term)
        .scalar_subquery()
    )
    statement = (
        select(*terms.c, case_number.label("case_number"))
        .where(~told)
        .order_by(terms.c.valid_until, terms.c.registration_id)
        .limit(limit)
    )
    return [
        Reminder(
            kind=due.kind_of(row.valid_until, today),
            about=str(row.registration_id),
            day=row.valid_until,
            registration_id=row.registration_id,
            case_number=row.case_number or "",
            dwelling_id=row.dwelling_id,
        )
        for row in await tx.execute(statement)
    ]


async def tenancies_due(
    tx: Transaction, due: ReminderTimes, today: date, limit: int
) -> list[Reminder]:
    """Load some reminders of landlords: in a rented dwelling a term has ended and was not renewed."""
    first, _ = due.terms_ending(today)
    told = exists().where(
        reminders.c.kind == ReminderKind.TENANCY_END,
        reminders.c.about == cast(_TERM.dwelling_id, Text),
        reminders.c.day == _TERM.valid_until,
    )
    statement = (
        _terms(first, today, _TERM.dwelling_id)
        .join(dwellings)
        .where(
            dwellings.c.legal_basis == "RENTED",
            ~told,
        )
        .distinct()
        .order_by(_TERM.valid_until, _TERM.dwelling_id)
        .limit(limit)
    )
    return [
        Reminder(
            kind=ReminderKind.TENANCY_END,
            about=str(row.dwelling_id),
            day=row.valid_until,
            dwelling_id=row.dwelling_id,
        )
        for row in await tx.execute(statement)
    ]


async def lists_due(tx: Transaction, due: ReminderTimes, day: date, limit: int) -> list[Reminder]:
    """Load some reminders of lodging houses to declare the guests of a day, where none of its list was declared yet.

    Who comes on a later day is of none that is asked for now.
    """
    places, received = premises_places.c, guest_stays.c.received_at
    begins_at, ends_at = due.list_period(day)
    declared = exists().where(
        guest_stays.c.dwelling_id == dwellings.c.dwelling_id,
        dwellings.c.building_id == places.building_id,
        known(guest_stays, None),
        received >= begins_at,
        received < ends_at,
        guest_stays.c.arrives_at < ends_at,
    )
    told = exists().where(
        reminders.c.kind == ReminderKind.LODGING_LIST,
        reminders.c.about == places.premises_id,
        reminders.c.day == day,
    )
    statement = (
        select(places.premises_id)
        .where(places.lodging, ~told, ~declared)
        .order_by(places.premises_id)
        .limit(limit)
    )
    return [
        Reminder(
            kind=ReminderKind.LODGING_LIST, about=premises_id, day=day, premises_id=premises_id
        )
        for premises_id in await tx.scalars(statement)
    ]


async def tell(
    tx: Transaction, due: Sequence[Reminder], new_id: Callable[[], UUID], now: datetime
) -> None:
    """Publish reminders and note that they were told; what another instance told first is not told again."""
    for one in due:
        reminder_id = new_id()
        noting = insert(reminders).values(
            kind=one.kind, about=one.about, day=one.day, reminder_id=reminder_id, told_at=now
        )
        if (await tx.execute(noting.on_conflict_do_nothing())).rowcount:
            await outbox.add(tx, tables.outbox, now, wire.reminder_due(one, reminder_id))


def _terms(first: date, last: date, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select terms of temporary residence that end within these days, were not ended before, and with which it ends.

    It does not where the person lives on in the dwelling: for another term, or permanently. Nobody knows whether it
    does while officers have a case that would renew it.
    """
    later = registrations.alias("later")
    lives_on = exists().where(
        known(later, None),
        later.c.person_id == _TERM.person_id,
        later.c.dwelling_id == _TERM.dwelling_id,
        later.c.valid_from <= _TERM.valid_until,
        later.c.ends_on.is_(None) | (later.c.ends_on > _TERM.valid_until),
    )
    renewal_asked = exists().where(
        cases.c.renews == _TERM.registration_id, cases.c.state.in_(WITH_OFFICERS)
    )
    return (
        select(_TERM.valid_until, *columns)
        .select_from(registrations)
        .where(
            known(registrations, None),
            _TERM.kind == "TEMPORARY",
            _TERM.ended_on.is_(None),
            _TERM.valid_until.between(first, last),
            ~lives_on,
            ~renewal_asked,
        )
    )


def _entries_of(terms: CTE) -> CTE:
    """Select the entries of each term: the registration, and those in whose place it was entered.

    The first is the one that a case entered. Who was told of a term is told anew only if another day ends it.
    """
    columns = registrations.c
    entries = select(terms.c.registration_id, terms.c.registration_id.label("entry_id")).cte(
        "entries", recursive=True
    )
    before = (
        select(entries.c.registration_id, columns.corrects)
        .join(registrations, columns.registration_id == entries.c.entry_id)
        .where(columns.corrects.is_not(None))
    )
    return entries.union_all(before)
