"""Who stays in which dwelling; publishing a dwelling's counts in the transaction that changed them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Table,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)

from chassis.clock import ward_day, ward_time
from chassis.storage import outbox
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.persons.partial_date import PartialDate
from residency.domain.places.buildings import (
    Building,
    Dwelling,
    DwellingNotFoundError,
    LegalBasis,
    Position,
)
from residency.domain.residence.occupancy import (
    OVERNIGHT,
    Assistance,
    Nights,
    Occupants,
    Stay,
    StayKind,
    next_change,
)
from residency.repository.limits import in_force
from residency.tables import (
    absences,
    assistance_needs,
    buildings,
    dwellings,
    guest_stays,
    persons,
    registrations,
)
from residency.tables.bitemporal import holds_on, known, known_end
from residency.tables.metadata import INSTANT
from residency.wire import answers

# Today's, by dwelling and by building, and those of other days that are asked for.
_KEPT_STATEMENTS = 32
_SET_COUNTED = (
    update(dwellings)
    .where(dwellings.c.dwelling_id == bindparam("counted_id"))
    .values(
        occupancy_version=bindparam("version"),
        recount_at=bindparam("next_recount"),
        counted_at=bindparam("counted"),
    )
)


def among(ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Say in SQL: a dwelling with one of these ids."""
    return dwellings.c.dwelling_id == any_(literal(ids, ARRAY(Uuid)))


async def load_occupants(
    tx: Transaction, which: ColumnElement[bool], at: datetime, known_at: datetime | None = None
) -> list[Occupants]:
    """Load dwellings by floor and unit, each with the stays that have not ended at `at`.

    Stays are as they are known now, or as they were known at `known_at`.
    """
    return _dwellings(await tx.execute(_occupants(ward_day(at), known_at).where(which)))


async def load_occupants_of(
    tx: Transaction,
    place: Column[UUID],
    place_id: UUID,
    at: datetime,
    known_at: datetime | None = None,
) -> list[Occupants]:
    """Load the dwellings of one place, by the column that names it, as `load_occupants` does."""
    day = ward_day(at)
    statement = _occupants_now(place, day) if known_at is None else _of(place, day, known_at)
    return _dwellings(await tx.execute(statement, {"place_id": place_id}))


async def lock_dwelling(tx: Transaction, dwelling_id: UUID) -> None:
    """Make other changes of this dwelling's occupancy wait until this transaction has ended.

    Raises DwellingNotFoundError.
    """
    if not await lock_dwellings(tx, [dwelling_id]):
        raise DwellingNotFoundError


async def check_dwellings(tx: Transaction, ids: Collection[UUID]) -> None:
    """Refuse dwellings of which one does not exist; raises DwellingNotFoundError."""
    found = (await tx.scalars(select(dwellings.c.dwelling_id).where(among([*ids])))).all()
    if not set(ids) <= set(found):
        raise DwellingNotFoundError


async def lock_dwellings(tx: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """Lock the dwellings that exist, in order of their id so that nobody waits in a circle."""
    statement = select(dwellings.c.dwelling_id).where(among(ids)).order_by(dwellings.c.dwelling_id)
    return list((await tx.scalars(statement.with_for_update(key_share=True))).all())


async def lock_due(tx: Transaction, now: datetime, limit: int) -> list[UUID]:
    """Lock some dwellings whose counts have changed by now without a registration; others skip them.

    Also those that were counted by a clock that was ahead: what was published of them is not so yet.
    """
    statement = (
        select(dwellings.c.dwelling_id)
        .where(or_(dwellings.c.recount_at <= now, dwellings.c.counted_at > now))
        .order_by(dwellings.c.recount_at, dwellings.c.dwelling_id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return list((await tx.scalars(statement)).all())


async def announce(tx: Transaction, locked: Sequence[UUID], now: datetime) -> None:
    """Count the locked dwellings anew, publish each under its next version and set its timer."""
    changed = [
        replace(occupants, version=occupants.version + 1)
        for occupants in await load_occupants(tx, among(locked), now)
    ]
    if not changed:
        return
    await tx.execute(_SET_COUNTED, [_counted(occupants, now) for occupants in changed])
    events = (answers.occupancy_changed(occupants.counted(now, now)) for occupants in changed)
    await outbox.add(tx, tables.outbox, now, *events)


def _counted(occupants: Occupants, now: datetime) -> dict[str, Any]:
    return {
        "counted_id": occupants.dwelling.dwelling_id,
        "version": occupants.version,
        "next_recount": next_change(occupants.stays, now),
        "counted": now,
    }


@lru_cache(_KEPT_STATEMENTS)
def _occupants_now(place: Column[UUID], day: date) -> Select[Any]:
    """Select what is known now; made once a day and place, which takes longer than to have it answered."""
    return _of(place, day, None)


def _of(place: Column[UUID], day: date, known_at: datetime | None) -> Select[Any]:
    return _occupants(day, known_at).where(place == bindparam("place_id"))


def _occupants(day: date, known_at: datetime | None) -> Select[Any]:
    stays = union_all(
        _registered(day, known_at), _absent(day, known_at), _guests(day, known_at)
    ).lateral("stays")
    return (
        select(
            *place_columns(),
            dwellings.c.occupancy_version,
            in_force("lodging_night_ends", day).label("night_ends"),
            in_force("lodging_late_deadline", day).label("late_deadline"),
            *stays.c,
        )
        .select_from(dwellings.join(buildings).outerjoin(stays, true()))
        .order_by(dwellings.c.floor, dwellings.c.unit, dwellings.c.dwelling_id)
    )


def _registered(day: date, known_at: datetime | None) -> Select[Any]:
    """Select the registrations of the dwelling at hand that have not ended on a day."""
    people, born = _people(known_at)
    return (
        select(
            persons.c.number_index.label("person"),
            literal(StayKind.REGISTERED.value).label("kind"),
            *born,
            _needs(day, known_at),
            registrations.c.valid_from,
            known_end(registrations, known_at).label("ends_on"),
            *_no_guest(),
        )
        .select_from(people.join(registrations, registrations.c.person_id == persons.c.person_id))
        .where(
            registrations.c.dwelling_id == dwellings.c.dwelling_id,
            known(registrations, known_at),
            _not_ended(registrations, day, known_at),
        )
        .correlate(dwellings)
    )


def _absent(day: date, known_at: datetime | None) -> Select[Any]:
    """Select the absences, not ended on a day, of those who are or were registered in the dwelling at hand."""
    people, born = _people(known_at)
    here = select(registrations.c.person_id).where(
        registrations.c.person_id == absences.c.person_id,
        registrations.c.dwelling_id == dwellings.c.dwelling_id,
    )
    registered = here.correlate(absences, dwellings).exists()
    return (
        select(
            persons.c.number_index.label("person"),
            literal(StayKind.ABSENT.value).label("kind"),
            *born,
            _needs(day, known_at),
            absences.c.valid_from,
            known_end(absences, known_at).label("ends_on"),
            *_no_guest(),
        )
        .select_from(people.join(absences, absences.c.person_id == persons.c.person_id))
        .where(registered, known(absences, known_at), _not_ended(absences, day, known_at))
        .correlate(dwellings)
    )


def _guests(day: date, known_at: datetime | None) -> Select[Any]:
    """Select the guests of the dwelling at hand whose stays have not ended on a day; some may be on the register."""
    columns = guest_stays.c
    return (
        select(
            columns.guest_index.label("person"),
            columns.kind,
            columns.birth_year,
            columns.birth_month,
            columns.birth_day,
            _needs(day, known_at),
            columns.valid_from,
            known_end(guest_stays, known_at).label("ends_on"),
            arrival(known_at).label("arrives_at"),
            moves_on_at(known_at).label("moves_on_at"),
        )
        .select_from(guest_stays.outerjoin(persons, persons.c.number_index == columns.guest_index))
        .where(
            columns.dwelling_id == dwellings.c.dwelling_id,
            known(guest_stays, known_at),
            _not_ended(guest_stays, day, known_at),
        )
        .correlate(dwellings)
    )


def _no_guest() -> tuple[ColumnElement[Any], ...]:
    """Give nothing where guests have when they arrive and move on."""
    return tuple(cast(null(), INSTANT).label(name) for name in ("arrives_at", "moves_on_at"))


def arrival(known_at: datetime | None = None) -> ColumnElement[Any]:
    """Say in SQL when the guest of a stay comes; null if they are in the dwelling since their stay before."""
    before = guest_stays.alias("before")
    goes_on = (
        exists()
        .where(
            before.c.dwelling_id == guest_stays.c.dwelling_id,
            known_end(before, known_at) == guest_stays.c.valid_from,
            *_another_of_guest(before, known_at),
        )
        .correlate(guest_stays)
    )
    return case((~goes_on, guest_stays.c.arrives_at))


def moves_on_at(known_at: datetime | None = None) -> ColumnElement[Any]:
    """Say in SQL when the guest of a stay comes to another dwelling on the day of leaving; null if nowhere."""
    after = guest_stays.alias("after")
    return (
        select(func.min(after.c.arrives_at))
        .where(
            after.c.dwelling_id != guest_stays.c.dwelling_id,
            after.c.valid_from == known_end(guest_stays, known_at),
            *_another_of_guest(after, known_at),
        )
        .correlate(guest_stays)
        .scalar_subquery()
    )


def _another_of_guest(
    other: FromClause, known_at: datetime | None
) -> tuple[ColumnElement[bool], ...]:
    """Select another stay of the guest at hand; relatives who come often spend their nights anywhere."""
    return (
        other.c.guest_index == guest_stays.c.guest_index,
        other.c.stay_id != guest_stays.c.stay_id,
        other.c.kind != StayKind.STANDING.value,
        known(other, known_at),
    )


def _people(known_at: datetime | None) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """Give persons, and the columns of their birth date as it is known now or was known at an instant."""
    parts = ("birth_year", "birth_month", "birth_day")
    if known_at is None:
        return persons, [persons.c[part] for part in parts]
    corrections = tables.person_corrections
    before = (
        select(corrections)
        .where(
            corrections.c.person_id == persons.c.person_id, corrections.c.corrected_at > known_at
        )
        .order_by(corrections.c.corrected_at)
        .limit(1)
        .lateral("before")
    )
    columns: list[ColumnElement[Any]] = [
        case((before.c.person_id.is_not(None), before.c[part]), else_=persons.c[part]).label(part)
        for part in parts
    ]
    return persons.outerjoin(before, true()), columns


def _needs(day: date, known_at: datetime | None) -> ColumnElement[Any]:
    """Gather the needs of the person at hand; past their review they count all the same."""
    needs = select(assistance_needs.c.type).where(
        assistance_needs.c.person_id == persons.c.person_id,
        holds_on(assistance_needs, day, known_at),
    )
    return func.array(needs.correlate(persons).scalar_subquery()).label("needs")


def _not_ended(table: Table, day: date, known_at: datetime | None) -> ColumnElement[bool]:
    """Select what may count on a day or later; the guests of a night count still on the day they leave."""
    ends_on = known_end(table, known_at)
    return or_(ends_on.is_(None), ends_on >= day)


def place_columns() -> Iterable[ColumnElement[Any]]:
    """Name the columns that `dwelling_of` reads."""
    columns = dwellings.c
    in_dwelling = (columns.dwelling_id, columns.floor, columns.unit, columns.legal_basis)
    return (*buildings.c, *in_dwelling)


def dwelling_of(row: Row[Any]) -> Dwelling:
    """Read a dwelling with its building."""
    basis = None if row.legal_basis is None else LegalBasis(row.legal_basis)
    return Dwelling(row.dwelling_id, building_of(row), row.floor, row.unit, basis)


def building_of(row: Row[Any]) -> Building:
    """Read a building."""
    located = row.latitude is not None
    return Building(
        row.building_id,
        row.ward_code,
        row.residential_group,
        row.address,
        row.storeys,
        Position(row.latitude, row.longitude) if located else None,
        row.remote_area,
    )


def _dwellings(rows: Iterable[Row[Any]]) -> list[Occupants]:
    return [_dwelling(list(group)) for _, group in groupby(rows, lambda row: row.dwelling_id)]


def _dwelling(rows: list[Row[Any]]) -> Occupants:
    first = rows[0]
    nights = Nights(first.night_ends, first.late_deadline)
    stays = tuple(_stay(row, nights) for row in rows if row.person)
    return Occupants(dwelling_of(first), first.occupancy_version, stays, nights)


def _stay(row: Row[Any], nights: Nights) -> Stay:
    kind = StayKind(row.kind)
    ends_at = row.ends_on and ward_time(row.ends_on, nights.end_hour if kind in OVERNIGHT else 0)
    if ends_at and row.moves_on_at:
        ends_at = min(ends_at, row.moves_on_at)
    return Stay(
        person=row.person,
        kind=kind,
        birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
        needs=frozenset(Assistance(need) for need in row.needs),
        begins_at=row.arrives_at or ward_time(row.valid_from),
        ends_at=ends_at,
    )
