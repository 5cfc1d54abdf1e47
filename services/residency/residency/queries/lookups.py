"""Persons and households, and what of them the asker may see."""

from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select

from chassis.database import Database, Transaction
from residency.domain.disclosure import Asker, Disclosure, PersonField, Way
from residency.domain.lookups import CurrentResidence, FoundHousehold, FoundMember, FoundPerson
from residency.domain.pseudonyms import PersonNotFoundError
from residency.domain.residence import ResidenceKind
from residency.repository.disclosure import disclosure_to
from residency.repository.lookups import in_force_on, person_columns, person_of
from residency.repository.occupancy import dwelling_of, place_columns
from residency.tables import buildings, dwellings, households, persons, registrations


class LookupQueries:
    """Finds persons for those who may see something of them; others are refused before anything is looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_number(
        self, number_index: bytes, asker: Asker, today: date
    ) -> tuple[Disclosure, FoundPerson | None]:
        """Find who has a number; the same statements run for numbers that nobody has.

        Raises DisclosureNotAllowedError.
        """
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            return disclosure, await _person(tx, persons.c.number_index == number_index, today)

    async def by_id(
        self, person_id: UUID, asker: Asker, today: date
    ) -> tuple[Disclosure, FoundPerson]:
        """Find a person; raises PersonNotFoundError or DisclosureNotAllowedError."""
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            found = await _person(tx, persons.c.person_id == person_id, today)
        if found is None:
            raise PersonNotFoundError
        return disclosure, found

    async def households_of(
        self, person_id: UUID, asker: Asker, today: date
    ) -> tuple[Disclosure, bytes, list[FoundHousehold]]:
        """Find the households of a person, that of the permanent residence first, and the index of the person's number.

        Raises DisclosureNotAllowedError or PersonNotFoundError.
        """
        own = select(persons.c.number_index).where(persons.c.person_id == person_id)
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            disclosure.require(PersonField.HOUSEHOLD)
            number_index = (await tx.scalars(own)).one_or_none()
            if number_index is None:
                raise PersonNotFoundError
            rows = await tx.execute(_members(person_id, today))
            households = [
                _household(list(members))
                for _, members in groupby(rows, lambda row: row.household_id)
            ]
        return disclosure, number_index, households


async def _person(tx: Transaction, which: ColumnElement[bool], today: date) -> FoundPerson | None:
    of_person = registrations.c.person_id == persons.c.person_id
    statement: Select[Any] = (
        select(
            *person_columns(),
            *place_columns(),
            registrations.c.kind,
            registrations.c.valid_from,
            registrations.c.ends_on,
        )
        .select_from(
            persons.outerjoin(registrations, of_person & in_force_on(today))
            .outerjoin(dwellings, dwellings.c.dwelling_id == registrations.c.dwelling_id)
            .outerjoin(buildings)
        )
        .where(which)
        .order_by(registrations.c.kind, registrations.c.valid_from, dwellings.c.dwelling_id)
    )
    rows = (await tx.execute(statement)).all()
    if not rows:
        return None
    return person_of(rows[0], [_residence(row) for row in rows if row.dwelling_id])


def _residence(row: Row[Any]) -> CurrentResidence:
    return CurrentResidence(
        kind=ResidenceKind(row.kind),
        dwelling=dwelling_of(row),
        valid_from=row.valid_from,
        ends_on=row.ends_on,
    )


def _members(person_id: UUID, today: date) -> Select[Any]:
    """Select who is registered today with a household that the person is registered with, householder first."""
    own = (
        select(registrations.c.household_id, func.min(registrations.c.kind).label("kind"))
        .where(registrations.c.person_id == person_id, in_force_on(today))
        .group_by(registrations.c.household_id)
        .subquery()
    )
    heads = households.c.householder_id == persons.c.person_id
    return (
        select(
            *person_columns(),
            *place_columns(),
            households.c.household_id,
            heads.label("is_householder"),
            registrations.c.relationship_to_householder,
        )
        .select_from(
            own.join(households, households.c.household_id == own.c.household_id)
            .join(dwellings, dwellings.c.dwelling_id == households.c.dwelling_id)
            .join(buildings)
            .join(registrations, registrations.c.household_id == households.c.household_id)
            .join(persons, persons.c.person_id == registrations.c.person_id)
        )
        .where(in_force_on(today))
        .order_by(own.c.kind, households.c.household_id, heads.desc(), persons.c.person_id)
    )


def _household(rows: list[Row[Any]]) -> FoundHousehold:
    members = {
        row.person_id: FoundMember(
            person_of(row), row.is_householder, row.relationship_to_householder
        )
        for row in rows
    }
    return FoundHousehold(rows[0].household_id, dwelling_of(rows[0]), tuple(members.values()))
