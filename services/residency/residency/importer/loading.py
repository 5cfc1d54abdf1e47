"""Writes a checked register into the database, at the speed of COPY, in the caller's transaction."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from chassis.clock import ward_day
from chassis.storage.database import Transaction
from residency.domain.lookups.search import IndexedAddress, IndexedName
from residency.domain.persons.sealing import NumberSeal
from residency.domain.places.address import Gazetteer
from residency.importer.files import ImportRefusedError
from residency.importer.register import Register
from residency.repository import occupancy
from residency.tables import (
    assistance_needs,
    building_index,
    buildings,
    dwellings,
    household_memberships,
    households,
    imports,
    number_nearness,
    person_index,
    persons,
    registrations,
)

_COPY_TIMEOUT_S = 600
_BATCH = 1000

Record = tuple[Any, ...]


async def first_time(tx: Transaction, digest: bytes, now: datetime) -> bool:
    """Note an import; False if the same manifest was loaded before."""
    noted = insert(imports).values(manifest_digest=digest, imported_at=now)
    return (await tx.execute(noted.on_conflict_do_nothing())).rowcount > 0


async def copy(
    tx: Transaction, register: Register, seal: NumberSeal, gazetteer: Gazetteer, now: datetime
) -> None:
    """Copy all rows; raises ImportRefusedError where the database holds the same ids or numbers already."""
    connection: Any = (await tx.get_raw_connection()).driver_connection
    try:
        for table, columns, records in _contents(register, seal, gazetteer, now):
            await connection.copy_records_to_table(
                table.name, records=records, columns=columns.split(), timeout=_COPY_TIMEOUT_S
            )
    except asyncpg.IntegrityConstraintViolationError as error:
        raise ImportRefusedError(
            f"the register holds other rows already that these contradict ({error.constraint_name})"
        ) from None


async def announce(tx: Transaction, register: Register, now: datetime) -> int:
    """Publish every dwelling that has registrations; tell how many."""
    homes = (register.households[row.household_id] for row in register.registrations.values())
    occupied = sorted({home.dwelling_id for home in homes})
    for start in range(0, len(occupied), _BATCH):
        await occupancy.announce(tx, occupied[start : start + _BATCH], now)
    return len(occupied)


def _contents(
    register: Register, seal: NumberSeal, gazetteer: Gazetteer, now: datetime
) -> Iterator[tuple[Table, str, Iterator[Record]]]:
    """Give each table with the names of its columns and its records, in an order that foreign keys allow."""
    yield (
        buildings,
        "building_id ward_code residential_group address storeys",
        map(_values, register.buildings.values()),
    )
    yield (
        building_index,
        "building_id key terms",
        (
            (
                key,
                *_values(IndexedAddress.of(row.address, row.residential_group, gazetteer)),
            )
            for key, row in register.buildings.items()
        ),
    )
    yield (
        dwellings,
        "dwelling_id building_id floor unit",
        ((key, row.building_id, row.floor, row.unit) for key, row in register.dwellings.items()),
    )
    yield (
        persons,
        "person_id number_sealed number_index full_name birth_year birth_month birth_day sex recorded_at",
        _persons(register, seal, now),
    )
    yield (
        number_nearness,
        "person_id one_digit transposed",
        ((key, *_values(seal.nearness(row.number))) for key, row in register.persons.items()),
    )
    yield (
        person_index,
        "person_id spelled plain unordered terms place",
        ((key, *_values(IndexedName.of(row.full_name))) for key, row in register.persons.items()),
    )
    yield (
        households,
        "household_id dwelling_id recorded_at",
        ((key, row.dwelling_id, now) for key, row in register.households.items()),
    )
    yield (
        registrations,
        (
            "registration_id person_id dwelling_id household_id kind valid_from valid_until recorded_at"
        ),
        _registrations(register, now),
    )
    yield (
        household_memberships,
        (
            "membership_id household_id person_id registration_id relationship_to_householder"
            " valid_from valid_until recorded_at"
        ),
        _memberships(register, now),
    )
    yield (
        assistance_needs,
        "need_id person_id type review_on valid_from recorded_at",
        _needs(register, now),
    )


def _values(row: object) -> Record:
    """Give the fields of a dataclass as they stand; `astuple` would copy each list in them."""
    return tuple(vars(row).values())


def _persons(register: Register, seal: NumberSeal, now: datetime) -> Iterator[Record]:
    for person_id, row in register.persons.items():
        born = row.birth_date
        yield (
            person_id,
            seal.seal(row.number, person_id),
            seal.blind_index(row.number),
            row.full_name.text,
            *(born.year, born.month, born.day),
            row.sex,
            now,
        )


def _registrations(register: Register, now: datetime) -> Iterator[Record]:
    for registration_id, row in register.registrations.items():
        yield (
            registration_id,
            row.person_id,
            register.households[row.household_id].dwelling_id,
            row.household_id,
            row.kind,
            row.term.valid_from,
            row.term.valid_until,
            now,
        )


def _memberships(register: Register, now: datetime) -> Iterator[Record]:
    for registration_id, row in register.registrations.items():
        for term in row.membership:
            yield (
                uuid4(),
                row.household_id,
                row.person_id,
                registration_id,
                row.relationship,
                term.valid_from,
                term.valid_until,
                now,
            )


def _needs(register: Register, now: datetime) -> Iterator[Record]:
    for (person_id, need), review_on in register.needs.items():
        yield uuid4(), person_id, need, review_on, ward_day(now), now
