"""What rows of a table are compared with, and new residents entered many at a time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Table, Uuid, any_, func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from chassis.storage.database import Transaction
from residency.domain.lookups.search import IndexedName
from residency.domain.persons.nationality import VIETNAM
from residency.domain.persons.sealing import NumberSeal
from residency.domain.residence.households import HOUSEHOLDER
from residency.domain.residence.registrations import Origin, ResidenceKind, Term
from residency.domain.residence.rows import (
    Homes,
    Households,
    Identity,
    Known,
    NewPerson,
    NewResident,
    Register,
)
from residency.repository import entries
from residency.repository.persons import registered_person
from residency.tables import (
    building_index,
    dwellings,
    household_memberships,
    households,
    number_nearness,
    person_index,
    persons,
    registrations,
)
from residency.tables.bitemporal import known
from residency.tables.duplicates import standing


async def load_homes(tx: Transaction) -> Homes:
    """Load all dwellings, some ten thousand in a ward, by the key of their building's address."""
    statement = select(
        building_index.c.key, dwellings.c.dwelling_id, dwellings.c.floor, dwellings.c.unit
    ).join(dwellings, dwellings.c.building_id == building_index.c.building_id)
    by_building: defaultdict[str, list[tuple[UUID, int, str]]] = defaultdict(list)
    for key, *dwelling in await tx.execute(statement):
        by_building[key].append((dwelling[0], dwelling[1], dwelling[2]))
    return Homes(by_building)


async def load_register(tx: Transaction, number_indexes: Sequence[bytes]) -> Register:
    """Load who has these numbers, and their registrations, also those that have ended."""
    return Register(
        await _load_known(tx, number_indexes), await _load_identities(tx, number_indexes)
    )


async def _load_identities(
    tx: Transaction, number_indexes: Sequence[bytes]
) -> dict[bytes, Identity]:
    wanted = any_(literal(number_indexes, ARRAY(LargeBinary)))
    numbered = persons.alias("numbered")
    stands = func.coalesce(numbered.c.merged_into, numbered.c.person_id)
    standing_records = (
        select(persons, numbered.c.number_index.label("number"))
        .join(numbered, persons.c.person_id == stands)
        .where(numbered.c.number_index == wanted)
    )
    merged_records = select(persons).where(
        persons.c.number_index == wanted, persons.c.merged_into.is_not(None)
    )
    merged = {row.number_index: registered_person(row) for row in await tx.execute(merged_records)}
    return {
        row.number: Identity(registered_person(row), merged.get(row.number))
        for row in await tx.execute(standing_records)
    }


async def _load_known(tx: Transaction, number_indexes: Sequence[bytes]) -> set[Known]:
    statement = (
        select(
            persons.c.number_index,
            registrations.c.dwelling_id,
            registrations.c.kind,
            registrations.c.valid_from,
            registrations.c.valid_until,
        )
        .join(registrations, registrations.c.person_id == standing())
        .where(
            persons.c.number_index == any_(literal(number_indexes, ARRAY(LargeBinary))),
            known(registrations, None),
        )
    )
    return {
        Known(
            row.number_index,
            row.dwelling_id,
            ResidenceKind(row.kind),
            Term(row.valid_from, row.valid_until),
        )
        for row in await tx.execute(statement)
    }


async def load_registered(tx: Transaction, number_indexes: Sequence[bytes]) -> set[bytes]:
    """Tell which of these numbers persons of the register have."""
    wanted = any_(literal(number_indexes, ARRAY(LargeBinary)))
    statement = select(persons.c.number_index).where(persons.c.number_index == wanted)
    return set((await tx.scalars(statement)).all())


async def load_households(tx: Transaction, dwelling_ids: Sequence[UUID]) -> Households:
    """Load the households of locked dwellings in which anybody lives, with the terms of their members."""
    lasting, found = household_memberships.c, households.c
    statement = (
        select(
            found.dwelling_id,
            found.recorded_at,
            found.household_id,
            lasting.valid_from,
            lasting.ends_on,
        )
        .join(household_memberships, lasting.household_id == found.household_id)
        .where(
            found.dwelling_id == any_(literal(dwelling_ids, ARRAY(Uuid))),
            known(household_memberships, None),
        )
        .order_by(found.dwelling_id, found.recorded_at, found.household_id)
    )
    by_dwelling: defaultdict[UUID, list[tuple[datetime, UUID, list[Term]]]] = defaultdict(list)
    rows = await tx.execute(statement)
    for (dwelling_id, *household), members in groupby(rows, lambda row: row[:3]):
        recorded_at, household_id = household
        lived_in = [Term(row.valid_from, row.ends_on) for row in members]
        by_dwelling[dwelling_id].append((recorded_at, household_id, lived_in))
    return Households(dict(by_dwelling))


async def enter_persons(
    tx: Transaction, people: Sequence[NewPerson], seal: NumberSeal, now: datetime
) -> set[bytes]:
    """Enter persons whom the register does not know; tell by their numbers' indexes who were entered.

    Who was entered by others meanwhile is left out.
    """
    if not people:
        return set()
    rows = [_person(one, seal, now) for one in people]
    entering = insert_or_skip(persons).on_conflict_do_nothing().returning(persons.c.number_index)
    entered = set((await tx.scalars(entering, rows)).all())
    new = [one for one in people if one.number_index in entered]
    await _insert(tx, number_nearness, [_near(one, seal) for one in new])
    await _insert(tx, person_index, [_indexed(one) for one in new])
    return entered


async def settle(
    tx: Transaction, residents: Sequence[NewResident], origin: Origin, now: datetime
) -> None:
    """Enter where new persons live, with the households that they found."""
    founded = [one for one in residents if one.relationship == HOUSEHOLDER]
    await _insert(tx, households, [_household(one, now) for one in founded])
    await _insert(tx, registrations, [_registration(one, origin, now) for one in residents])
    await _insert(tx, household_memberships, [_membership(one, origin, now) for one in residents])


async def _insert(tx: Transaction, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await tx.execute(insert(table), rows)


def _person(one: NewPerson, seal: NumberSeal, now: datetime) -> dict[str, Any]:
    declared = one.declared
    return {
        "person_id": one.person_id,
        "number_sealed": seal.seal(declared.number, one.person_id),
        "number_index": one.number_index,
        "full_name": declared.full_name.text,
        "birth_year": declared.birth_date.year,
        "birth_month": declared.birth_date.month,
        "birth_day": declared.birth_date.day,
        "sex": declared.sex,
        "nationality": VIETNAM,
        "recorded_at": now,
    }


def _near(one: NewPerson, seal: NumberSeal) -> dict[str, Any]:
    return {"person_id": one.person_id, **vars(seal.nearness(one.declared.number))}


def _indexed(one: NewPerson) -> dict[str, Any]:
    return {"person_id": one.person_id, **vars(IndexedName.of(one.declared.full_name))}


def _household(one: NewResident, now: datetime) -> dict[str, Any]:
    entered = one.registration
    return {
        "household_id": entered.household_id,
        "dwelling_id": entered.dwelling_id,
        "recorded_at": now,
    }


def _registration(one: NewResident, origin: Origin, now: datetime) -> dict[str, Any]:
    entered = one.registration
    return {
        "registration_id": entered.entry_id,
        "person_id": entered.person_id,
        "dwelling_id": entered.dwelling_id,
        "household_id": entered.household_id,
        "kind": entered.kind,
        **entries.times(entered.term, origin, now),
    }


def _membership(one: NewResident, origin: Origin, now: datetime) -> dict[str, Any]:
    entered = one.registration
    return {
        "membership_id": one.membership_id,
        "household_id": entered.household_id,
        "person_id": entered.person_id,
        "registration_id": entered.entry_id,
        "relationship_to_householder": one.relationship,
        **entries.times(entered.term, origin, now),
    }
