"""What the platform acknowledged to sensors and officers, and what of it its databases hold afterwards.

A thing is named by what makes it one: a reading by device and moment, an alarm by its device, a fire incident by its
premises, a page by incident, step, recipient and channel, a look by the id of its request.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

import asyncpg

from stack.installation import Installation


class Kind(Enum):
    """What is counted: its names in Vietnamese and English, the database, and how often that holds each."""

    READING = (
        "số đo",
        "readings",
        "fire_safety",
        "select device_id || '@' || (extract(epoch from observed_at) * 1000)::bigint from readings",
    )
    ALARM = (
        "báo động",
        "alarms",
        "fire_safety",
        "select device_id from alarms where kind = 'SMOKE'",
    )
    INCIDENT = (
        "sự việc",
        "incidents",
        "incidents",
        "select premises_id from incidents where kind = 'FIRE'",
    )
    # However often a page is on the timeline, so often was somebody told.
    PAGE = (
        "lượt báo người trực",
        "pages",
        "incidents",
        "select incident_id || '/' || step || '/' || recipient || '/' || channel from notifications",
    )
    LOOK = (
        "lượt tra cứu có ghi sổ",
        "looks accounted for",
        "incidents",
        "select request_id from access_records",
    )

    def __init__(self, vietnamese: str, english: str, database: str, statement: str) -> None:
        self.vietnamese = vietnamese
        self.english = english
        self.database = database
        self.statement = statement


Names = dict[Kind, set[str]]


@dataclass(frozen=True)
class Ledger:
    """The names of what was acknowledged, by kind; it only grows."""

    entries: Names = field(default_factory=lambda: {kind: set() for kind in Kind})

    def add(self, kind: Kind, name: str) -> None:
        """Note what was acknowledged just now."""
        self.entries[kind].add(name)

    def until_now(self) -> Names:
        """Copy what was acknowledged so far."""
        return {kind: set(names) for kind, names in self.entries.items()}


@dataclass(frozen=True)
class Count:
    """Of one kind: how much was acknowledged, what of it is missing, and what is there more than once."""

    kind: Kind
    acknowledged: int
    missing: list[str]
    doubled: list[str]


def compare(acknowledged: Names, stored: dict[Kind, Counter[str]]) -> Iterator[Count]:
    """Compare what was acknowledged with what is stored."""
    for kind, names in acknowledged.items():
        held = stored[kind]
        missing = sorted(name for name in names if not held[name])
        doubled = sorted(name for name in names if held[name] > 1)
        yield Count(kind, len(names), missing, doubled)


async def stored_in(place: Installation) -> dict[Kind, Counter[str]]:
    """Count in the databases how often each name is there."""
    return {kind: await _names(place, kind) for kind in Kind}


async def _names(place: Installation, kind: Kind) -> Counter[str]:
    address = place.postgres.url(kind.database).replace("+asyncpg", "")
    connection = await asyncpg.connect(address)
    try:
        return Counter(row[0] for row in await connection.fetch(kind.statement))
    finally:
        await connection.close()


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Write a table in Markdown; numbers stand to the right."""
    aligned = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, tuple(aligned), *rows))
