"""How persons are read, for those who look them up."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Row,
    Select,
    Uuid,
    any_,
    bindparam,
    false,
    func,
    select,
)

from chassis.storage.database import Transaction
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.residence.found import CurrentResidence, FoundPerson
from residency.domain.residence.occupancy import Assistance
from residency.domain.residence.registrations import ResidenceKind
from residency.repository.occupancy import dwelling_of, place_columns
from residency.tables import (
    assistance_needs,
    buildings,
    dwellings,
    persons,
    registrations,
    restrictions,
)
from residency.tables.bitemporal import holds_on
from residency.tables.duplicates import holder_of

# The place for the day on which a statement that is made once asks.
TODAY = bindparam("today", type_=Date)


async def load_persons(
    tx: Transaction, which: ColumnElement[bool], today: date
) -> list[FoundPerson]:
    """Load persons with where they are registered today, permanent residence first."""
    return _persons(await tx.execute(_registered().where(which), {"today": today}))


async def load_these(
    tx: Transaction, person_ids: Sequence[UUID], today: date
) -> list[FoundPerson]:
    """Load persons by their ids, as `load_persons` does."""
    values = {"person_ids": person_ids, "today": today}
    return _persons(await tx.execute(_these(), values))


@cache
def _these() -> Select[Any]:
    """Select those of the ids; made once, which takes longer than to have it answered."""
    person_ids = bindparam("person_ids", type_=ARRAY(Uuid))
    return _registered().where(persons.c.person_id == any_(person_ids))


def _registered() -> Select[Any]:
    """Select persons, each with their registrations of `today`."""
    of_person = registrations.c.person_id == persons.c.person_id
    return (
        select(
            *person_columns(),
            *place_columns(),
            registrations.c.kind,
            registrations.c.valid_from,
            registrations.c.ends_on,
        )
        .select_from(
            persons.outerjoin(registrations, of_person & in_force_on(TODAY))
            .outerjoin(dwellings, dwellings.c.dwelling_id == registrations.c.dwelling_id)
            .outerjoin(buildings)
        )
        .order_by(
            persons.c.person_id,
            registrations.c.kind,
            registrations.c.valid_from,
            dwellings.c.dwelling_id,
        )
    )


def _persons(found: Iterable[Row[Any]]) -> list[FoundPerson]:
    by_person = groupby(found, lambda row: row.person_id)
    of_each = [list(rows) for _, rows in by_person]
    return [
        person_of(rows[0], [_residence(row) for row in rows if row.dwelling_id])
        for rows in of_each
    ]


def person_columns() -> tuple[ColumnElement[Any], ...]:
    """Name the columns that `person_of` reads."""
    return (
        persons.c.person_id,
        persons.c.number_sealed,
        persons.c.number_index,
        persons.c.phone_sealed,
        persons.c.full_name,
        persons.c.birth_year,
        persons.c.birth_month,
        persons.c.birth_day,
        persons.c.sex,
        *standing_columns(),
    )


def standing_columns() -> tuple[ColumnElement[Any], ...]:
    """Name what is so of the person at hand, if there is one: their needs now, and whether a restriction stands."""
    needs = select(assistance_needs.c.type).where(
        assistance_needs.c.person_id == persons.c.person_id,
        assistance_needs.c.superseded_at.is_(None),
        assistance_needs.c.ended_on.is_(None),
    )
    ordered = needs.order_by(assistance_needs.c.type).correlate(persons).scalar_subquery()
    return (
        func.array(ordered).label("needs"),
        func.coalesce(persons.c.person_id.in_(restricted_persons()), false()).label("restricted"),
    )


def restricted_persons() -> Select[Any]:
    """Select the ids of those who have the processing restricted: of the records that stand for them now."""
    record = persons.alias("record")
    stands = func.coalesce(record.c.merged_into, record.c.person_id)
    return (
        select(stands)
        .join(restrictions, restrictions.c.person_id == record.c.person_id)
        .where(restrictions.c.lifted_at.is_(None))
    )


def person_of(row: Row[Any], residences: Sequence[CurrentResidence] = ()) -> FoundPerson:
    """Read a person."""
    return FoundPerson(
        person_id=row.person_id,
        number_sealed=row.number_sealed,
        number_index=row.number_index,
        phone_sealed=row.phone_sealed,
        full_name=FullName(row.full_name),
        birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
        sex=Sex(row.sex),
        needs=tuple(Assistance(need) for need in row.needs),
        residences=tuple(residences),
        restricted=row.restricted,
    )


def in_force_on(day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Say in SQL: a registration that covers this day."""
    return holds_on(registrations, day)


async def is_registered(
    tx: Transaction, number_index: bytes, dwelling_id: UUID, day: date
) -> bool:
    """Tell whether who has a number is registered in a dwelling on a day."""
    statement = select(registrations.c.registration_id).where(
        registrations.c.person_id == holder_of(number_index),
        registrations.c.dwelling_id == dwelling_id,
        in_force_on(day),
    )
    return (await tx.scalars(statement.limit(1))).one_or_none() is not None


def _residence(row: Row[Any]) -> CurrentResidence:
    return CurrentResidence(
        kind=ResidenceKind(row.kind),
        dwelling=dwelling_of(row),
        valid_from=row.valid_from,
        ends_on=row.ends_on,
    )
