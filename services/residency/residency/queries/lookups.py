"""Persons and households, and what of them the asker may see."""

from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, literal, select

from chassis.storage.database import Database, Transaction
from residency.domain.lookups.disclosure import Asker, Disclosure, PersonField, Way
from residency.domain.lookups.pseudonyms import PersonNotFoundError
from residency.domain.residence.found import FoundHousehold, FoundMember, FoundPerson
from residency.domain.residence.households import HOUSEHOLDER
from residency.repository.disclosure import disclosure_to, require_shown, shown_only
from residency.repository.lookups import load_persons, person_columns, person_of
from residency.repository.occupancy import dwelling_of, place_columns
from residency.tables import (
    buildings,
    dwellings,
    household_memberships,
    household_relationships,
    households,
    persons,
)
from residency.tables.bitemporal import holds_on
from residency.tables.duplicates import holder_of, holder_of_record


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
            return disclosure, await _person(
                tx, persons.c.person_id == holder_of(number_index), today
            )

    async def by_id(
        self, person_id: UUID, asker: Asker, today: date
    ) -> tuple[Disclosure, FoundPerson]:
        """Find a person; raises PersonNotFoundError or DisclosureNotAllowedError."""
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            found = await _person(tx, persons.c.person_id == holder_of_record(person_id), today)
        if found is None:
            raise PersonNotFoundError
        return disclosure, found

    async def households_of(
        self, person_id: UUID, asker: Asker, today: date
    ) -> tuple[Disclosure, list[FoundHousehold]]:
        """Find the household that a person belongs to, none or one.

        Raises DisclosureNotAllowedError or PersonNotFoundError.
        """
        own = select(persons.c.person_id).where(persons.c.person_id == holder_of_record(person_id))
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            disclosure.require(PersonField.HOUSEHOLD)
            holder: UUID | None = await tx.scalar(own)
            if holder is None:
                raise PersonNotFoundError
            await require_shown(tx, disclosure, literal(holder))
            members = _members(holder, today)
            rows = await tx.execute(members.where(shown_only(disclosure, persons.c.person_id)))
            households = [
                _household(list(members))
                for _, members in groupby(rows, lambda row: row.household_id)
            ]
        return disclosure, households


async def _person(tx: Transaction, which: ColumnElement[bool], today: date) -> FoundPerson | None:
    found = await load_persons(tx, which, today)
    return found[0] if found else None


def _members(person_id: UUID, today: date) -> Select[Any]:
    """Select who belongs today to the household that the person belongs to, householder first."""
    own, others = household_memberships.alias("own"), household_memberships
    relationships = household_relationships.c
    return (
        select(
            *person_columns(),
            *place_columns(),
            households.c.household_id,
            relationships.code,
            relationships.name_vi,
        )
        .select_from(
            own.join(households, households.c.household_id == own.c.household_id)
            .join(dwellings, dwellings.c.dwelling_id == households.c.dwelling_id)
            .join(buildings, buildings.c.building_id == dwellings.c.building_id)
            .join(others, others.c.household_id == households.c.household_id)
            .join(persons, persons.c.person_id == others.c.person_id)
            .outerjoin(
                household_relationships,
                relationships.code == others.c.relationship_to_householder,
            )
        )
        .where(own.c.person_id == person_id, holds_on(own, today), holds_on(others, today))
        .order_by(relationships.position.nulls_last(), persons.c.person_id)
    )


def _household(rows: list[Row[Any]]) -> FoundHousehold:
    members = tuple(
        FoundMember(person_of(row), row.code == HOUSEHOLDER, row.name_vi or "") for row in rows
    )
    return FoundHousehold(rows[0].household_id, dwelling_of(rows[0]), members)
