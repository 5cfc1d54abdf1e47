"""`python -m bench.search [--quick]`: search by name on a register of a million, beside PostgreSQL's trigrams.

Each question is asked of both in turn, of the same names in the same run. The product's side is the whole query of the
service: what the asker may see, the ranks, the page and its persons; the trigrams' side (pg_trgm) is the bare
statement that finds twenty.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench import machine, persons
from bench.latency import Latencies
from bench.persons import Person
from chassis.clock import utc_now
from chassis.storage import migrations
from chassis.storage.database import Database
from residency.app import MIGRATIONS
from residency.domain.lookups.disclosure import Asker
from residency.domain.lookups.search import NameQuestion
from residency.domain.persons.person_name import FullName
from residency.queries.search import SearchQueries
from simulator.generator import names
from stack.postgres import PostgresServer

# Persons, and questions of each kind.
FULL, QUICK = (1_000_000, 300), (2_000, 10)
_WIDTH = 120
_TITLE = "Tìm theo tên trong {:,} người, ms · search by name among so many people, ms"
_SEED = 7
_SHOWN = 20
_ASKER = Asker("bench", frozenset({"residence_officer"}), "RESIDENCE_CASE")
_TODAY = date(2026, 11, 27)
_TRIGRAMS = """
    create extension pg_trgm;
    create index trigrams on person_index using gin (plain gin_trgm_ops);
"""
_LIKE = "select person_id from person_index where {which} limit $1"


@dataclass
class Asked:
    """One kind of question, answered by the product and by trigrams."""

    vietnamese: str
    english: str
    product: Latencies = field(default_factory=Latencies)
    trigrams: Latencies = field(default_factory=Latencies)

    def ratio(self, share: float) -> float:
        """Tell the product's percentile over that of the trigrams."""
        return self.product.percentile(share) / self.trigrams.percentile(share)


@dataclass(frozen=True)
class Population:
    """People who do not exist; each is drawn anew from the seed."""

    size: int

    def __iter__(self) -> Iterator[Person]:
        """Give persons; nobody asks for their numbers."""
        rng = Random(_SEED)  # noqa: S311 - the same people each time
        for _ in range(self.size):
            sex, year = rng.choice("MF"), rng.randint(1930, 2025)
            name = names.full_name(rng, names.surname(rng), sex, year)
            key = UUID(int=rng.getrandbits(128))
            yield Person(key, key.bytes, key.bytes, name, (year, None, None), sex)

    def questions(self, count: int) -> Iterator[str]:
        """Draw names of the population's making."""
        rng = Random(_SEED + 1)  # noqa: S311
        for _ in range(count):
            yield names.full_name(
                rng, names.surname(rng), rng.choice("MF"), rng.randint(1930, 2025)
            )


def main(arguments: list[str] | None = None) -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser("python -m bench.search", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    size, count = QUICK if parser.parse_args(arguments).quick else FULL
    console = Console(highlight=False, width=_WIDTH)
    for name, fact in machine.facts().items():
        console.print(f"  {name:<28} {fact}")
    asyncio.run(run(console, Population(size), count))


async def run(console: Console, population: Population, count: int) -> list[Asked]:
    """Measure with so many questions of each kind, and print the figures."""
    async with register(population) as server:
        measured = await measure(server, population, count)
    table = Table(title=_TITLE.format(population.size), title_justify="left", box=SIMPLE)
    for heading in ("", "p50", "p99", "pg_trgm p50", "p99", "p50 : p50"):
        table.add_column(heading, justify="right")
    for one in measured:
        both = (one.product, one.trigrams)
        figures = [f"{side.percentile(share):.2f}" for side in both for share in (0.5, 0.99)]
        table.add_row(f"{one.vietnamese} · {one.english}", *figures, f"{one.ratio(0.5):.2f}")
    console.print(table)
    return measured


@asynccontextmanager
async def register(population: Population) -> AsyncGenerator[PostgresServer]:
    """Run a PostgreSQL with the service's tables, filled with the population, and trigrams beside them."""
    with tempfile.TemporaryDirectory(prefix="bench-search-") as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            server.create_service_database("residency")
            await migrations.upgrade(server.url("residency", "residency_owner"), MIGRATIONS)
            connection = await asyncpg.connect(_driver(server))
            try:
                await persons.add(connection, population, utc_now())
                await connection.execute(_TRIGRAMS, timeout=600)
            finally:
                await connection.close()
            yield server
        finally:
            server.stop()


async def measure(server: PostgresServer, population: Population, count: int) -> list[Asked]:
    """Ask each question of both, in turn; the first of each kind only warms."""
    kinds = (
        Asked("họ tên đủ dấu", "full name"),
        Asked("phần đầu, không dấu", "beginning, no diacritics"),
        Asked("từ theo thứ tự khác", "words in another order"),
    )
    database = Database.connect(server.url("residency", "residency_app"))
    connection = await asyncpg.connect(_driver(server))
    try:
        for name in population.questions(count):
            for kind, typed in zip(kinds, _typed(name), strict=True):
                kind.product.seconds.append(await _ask(SearchQueries(database), typed))
                kind.trigrams.seconds.append(await _ask_trigrams(connection, typed))
    finally:
        await connection.close()
        await database.close()
    return list(kinds)


def _typed(name: str) -> tuple[str, str, str]:
    """Type a name in the ways of `measure`: whole; its beginning up to a letter of the last word; given name first."""
    plain = FullName(name).plain.split()
    return name, " ".join([*plain[:-1], plain[-1][0]]), " ".join([plain[-1], *plain[:-1]])


async def _ask(queries: SearchQueries, typed: str) -> float:
    started = time.perf_counter()
    question = NameQuestion.parse(typed)
    await queries.search_persons(question, [], _ASKER, _TODAY, None, _SHOWN)
    return time.perf_counter() - started


async def _ask_trigrams(connection: asyncpg.Connection, typed: str) -> float:
    """Find all words in any order, each anywhere in the name, as trigrams do it."""
    words = FullName(typed).plain.split()
    which = " and ".join(f"plain like ${n}" for n in range(2, len(words) + 2))
    started = time.perf_counter()
    await connection.fetch(_LIKE.format(which=which), _SHOWN, *(f"%{word}%" for word in words))
    return time.perf_counter() - started


def _driver(server: PostgresServer) -> str:
    return server.url("residency").replace("+asyncpg", "")


if __name__ == "__main__":
    main()
