"""People who do not exist, as many as a benchmark needs: their numbers begin with 999, which no country has."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import islice
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from chassis.sealing import Seal
from residency.domain.lookups.search import IndexedName
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal
from simulator.generator import names

# Older than anybody of a synthetic ward, so that no number is had twice.
BORN, SEX = date(1910, 5, 17), "F"
_SEED = 7
_NAMES = 20_000
_CHUNK = 50_000
_PATIENCE_S = 600
_PERSONS = (
    "person_id number_sealed number_index full_name birth_year birth_month birth_day sex"
    " recorded_at"
)
_INDEXED = "person_id spelled plain unordered terms place"
_INDEXES = """
    select indexname, indexdef from pg_indexes
    where indexname like 'person_index_%' and indexname <> 'person_index_pkey'
"""


class Person(NamedTuple):
    """A person to be entered."""

    person_id: UUID
    number_sealed: bytes
    number_index: bytes
    name: str
    born: tuple[int, int | None, int | None]
    sex: str


@cache
def drawn_names() -> Sequence[str]:
    """Draw names as they are given in the north, the same in every run."""
    rng = Random(_SEED)  # noqa: S311 - names of nobody
    years = (rng.randint(1930, 2025) for _ in range(_NAMES))
    return [names.full_name(rng, names.surname(rng), rng.choice("MF"), year) for year in years]


def name_of(serial: int) -> str:
    """Tell the name of a person of the benchmark."""
    return drawn_names()[serial % _NAMES]


def digits(serial: int) -> str:
    """Tell the number of a person of the benchmark, 0 to 999,999."""
    return f"999110{serial:06d}"


def numbered(key: bytes, index_key: bytes, serials: range) -> Iterator[Person]:
    """Give persons of the benchmark, sealed and indexed as the service does it."""
    seal, born = NumberSeal(Seal([key], os.urandom), index_key), (BORN.year, BORN.month, BORN.day)
    for serial in serials:
        person_id, number = UUID(int=serial), PersonalIdNumber(digits(serial))
        sealed, index = seal.seal(number, person_id), seal.blind_index(number)
        yield Person(person_id, sealed, index, name_of(serial), born, SEX)


async def add(connection: asyncpg.Connection, people: Iterable[Person], now: datetime) -> None:
    """Copy people; the indexes of names are made anew afterwards, which takes a tenth of the time."""
    indexes = await connection.fetch(_INDEXES)
    for index in indexes:
        await connection.execute(f'drop index "{index["indexname"]}"')
    people = iter(people)
    while chunk := list(islice(people, _CHUNK)):
        rows = ((*one[:4], *one.born, one.sex, now) for one in chunk)
        await _copy(connection, "persons", _PERSONS, rows)
        found_by = ((one.person_id, *_indexed(one.name)) for one in chunk)
        await _copy(connection, "person_index", _INDEXED, found_by)
    for index in indexes:
        await connection.execute(index["indexdef"], timeout=_PATIENCE_S)
    await connection.execute("vacuum analyze", timeout=_PATIENCE_S)


async def _copy(
    connection: asyncpg.Connection, table: str, columns: str, records: Iterable[tuple[Any, ...]]
) -> None:
    await connection.copy_records_to_table(
        table, records=records, columns=columns.split(), timeout=_PATIENCE_S
    )


@lru_cache(maxsize=100_000)
def _indexed(name: str) -> tuple[Any, ...]:
    return astuple(IndexedName.of(FullName(name)))
