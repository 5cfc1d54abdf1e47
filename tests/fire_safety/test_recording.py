"""Readings in the database: each once, as they were, whichever way they went in."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

import fire_safety
from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.readings.columns import Bulk
from fire_safety.domain.readings.reading import Batch, NotStorableError, Reading
from fire_safety.repository import readings as repository
from fire_safety.repository import sequences
from tests.fire_safety.field import store, until

pytestmark = pytest.mark.postgres

NOW = 1_700_000_000_000
DAY = 86_400_000
# Where what was declared is among what is told of a reading.
_CONDITIONS = 4


def sorted_by_time(some: list[Reading]) -> list[Reading]:
    """Put readings in order, as decoders do."""
    return sorted(some, key=lambda one: one.observed_ms)


values = st.none() | st.floats(-60, 1500, width=32)
some_readings = st.builds(
    Reading,
    observed_ms=st.integers(NOW - 7 * DAY, NOW),
    received_ms=st.just(NOW),
    optical_density=values,
    temperature=values,
    battery=values,
    conditions=st.integers(0, 2**32 - 1),
    carbon_monoxide=values,
    # Of devices without a clock there is more to say below.
    sequence=st.none(),
)
batches = st.builds(
    Batch,
    device_id=st.text("abcXYZ019_-", min_size=1, max_size=64),
    received_ms=st.just(NOW),
    readings=st.lists(some_readings, min_size=1, max_size=5).map(sorted_by_time),
)


def moment(milliseconds: int) -> datetime:
    """Read a time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


async def stored(database: Database) -> dict[tuple[str, datetime], tuple[object, ...]]:
    """Read all readings by their key."""
    async with database.transaction() as tx:
        rows = (await tx.execute(select(tables.readings))).all()
    return {
        (row.device_id, row.observed_at): (
            row.received_at,
            row.optical_density,
            row.temperature,
            row.battery,
            row.conditions,
            row.carbon_monoxide,
        )
        for row in rows
    }


def told(one: Reading) -> tuple[object, ...]:
    """Say what a reading says, as it is stored."""
    return (
        moment(one.received_ms),
        one.optical_density,
        one.temperature,
        one.battery,
        one.conditions,
        one.carbon_monoxide,
    )


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(batches, min_size=1, max_size=6))
async def test_readings_are_stored_as_they_were_each_once(
    database: Database, some: list[Batch]
) -> None:
    """Whatever was stored before or comes twice; the first of a time stays, beside what declares more than it."""
    expected = await stored(database)
    for batch in some:
        for one in batch.readings:
            at = moment(one.observed_ms)
            first = expected.setdefault((batch.device_id, at), told(one))
            if one.conditions & ~int(str(first[_CONDITIONS])):
                behind = timedelta(microseconds=1 + one.conditions % 999)
                expected.setdefault((batch.device_id, at + behind), told(one))
    await store(database, some)
    await store(database, some[::-1])

    assert await stored(database) == expected


async def test_what_is_declared_in_the_second_of_another_reading_is_kept_beside_it(
    database: Database,
) -> None:
    """A call point with a clock of whole seconds, pressed in that of its heartbeat; each once."""
    heartbeat = Reading(NOW, NOW)
    press = Reading(NOW, NOW + 300, conditions=1024)
    for _ in range(2):
        await store(database, [Batch("d", NOW, [heartbeat])])
        await store(database, [Batch("d", NOW + 300, [press])])

    found = sorted((await stored(database)).items())
    assert [one for _, one in found] == [told(heartbeat), told(press)]
    assert found[1][0][1] - found[0][0][1] < timedelta(milliseconds=1)


async def copied(database: Database, *some: Batch) -> int:
    """Store by COPY."""
    async with database.bulk_transaction() as connection:
        return await repository.copy(connection, Bulk((), some))


async def prepare(database: Database, *some: Batch) -> None:
    """Make the partitions these readings need."""
    async with database.bulk_transaction() as connection:
        await repository.make_room(connection, Bulk((), some))


async def test_copy_and_merge_store_the_same(database: Database) -> None:
    """Full readings and such with gaps, by COPY's own format and by SQL."""
    full = Reading(NOW - 1, NOW, 0.25, 30.5, 87.0, 5)
    fuller = Reading(NOW - 2, NOW, 0.25, 30.5, 87.0, 5, carbon_monoxide=12.5)
    bare = Reading(NOW - 3, NOW)
    every = [bare, fuller, full]
    await prepare(database, Batch("d", NOW, every))
    assert await copied(database, Batch("copied", NOW, every)) == 3
    async with database.bulk_transaction() as connection:
        assert (
            await repository.merge(connection, Bulk((), [Batch("merged", NOW, [*every, full])]))
            == 3
        )

    found = await stored(database)
    for one in every:
        at = moment(one.observed_ms)
        assert found["copied", at] == found["merged", at] == told(one)


async def test_a_refused_copy_stores_nothing(database: Database) -> None:
    """All of it or nothing, so that merging may follow."""
    known, new = Batch("known", NOW, [Reading(1, NOW)]), Batch("new", NOW, [Reading(1, NOW)])
    await prepare(database, known)
    await copied(database, known)
    with pytest.raises(repository.StoredBeforeError):
        await copied(database, new, known)

    assert {key[0] for key in await stored(database)} == {"known"}


async def test_a_reading_of_a_day_without_partition_is_stored(database: Database) -> None:
    """By whichever clock: the partition is made when it is needed, by several recorders at once."""
    years_apart = [Reading(NOW - 900 * DAY, NOW), Reading(NOW, NOW), Reading(NOW + 900 * DAY, NOW)]
    some = [Batch(f"d-{n}", NOW, years_apart) for n in range(4)]
    with pytest.raises(repository.PartitionMissingError):
        await copied(database, *some)
    await asyncio.gather(*(store(database, [one]) for one in some))

    assert len(await stored(database)) == 12


# ---------------------------------------------------------------- devices without a clock


def counted(at_ms: int, *readings: tuple[int, float]) -> Batch:
    """Make a message of a device without a clock: counts and temperatures."""
    return Batch(
        "counting",
        at_ms,
        [Reading(at_ms, at_ms, temperature=kelvin, sequence=n) for n, kelvin in readings],
    )


async def temperatures(database: Database) -> list[object]:
    """Read the stored temperatures in the order of their times."""
    found = await stored(database)
    return [found[key][2] for key in sorted(found)]


async def test_a_repeat_without_a_clock_is_known_by_its_count(database: Database) -> None:
    """Whether it comes in the same group, later, or beside readings that are new."""
    await store(database, [counted(NOW, (7, 20.0)), counted(NOW + 5, (7, 20.0))])
    await store(database, [counted(NOW + 9, (7, 20.0))])
    await store(
        database, [counted(NOW + 12, (7, 20.0), (8, 21.0)), Batch("d", NOW, [Reading(NOW, NOW)])]
    )

    assert await temperatures(database) == [20.0, 21.0, None]


async def test_readings_of_one_moment_are_told_apart_by_their_count(database: Database) -> None:
    """A message of a device without a clock holds several of the same time; each is stored, in its order."""
    batch = counted(NOW, *((n, float(n)) for n in range(998, 1003)))
    await store(database, [batch])
    await store(database, [batch])

    found = await stored(database)
    assert sorted(kelvin for _, _, kelvin, *_ in found.values()) == [998, 999, 1000, 1001, 1002]


async def test_a_device_that_counts_anew_is_not_repeating_itself(database: Database) -> None:
    """It was restarted: the same count says something else now."""
    await store(database, [counted(NOW, (0, 20.0))])
    await store(database, [counted(NOW + 1000, (0, 35.0))])

    assert await temperatures(database) == [20.0, 35.0]


async def test_a_repeat_is_stored_once_by_however_many_recorders(database: Database) -> None:
    """The claim is part of the transaction: who comes second waits, and finds it."""
    repeats = [counted(NOW + second, *((n, 20.0) for n in range(50))) for second in range(8)]
    await asyncio.gather(*(store(database, [one]) for one in repeats))

    assert len(await stored(database)) == 50


async def test_a_claim_of_a_recorder_that_died_binds_nobody(database: Database) -> None:
    """It goes with the transaction, and another recorder stores the reading."""
    batch = counted(NOW, (1, 20.0))
    with pytest.raises(ZeroDivisionError):
        async with database.bulk_transaction() as connection:
            assert await sequences.claim(connection, [batch])
            raise ZeroDivisionError
    await store(database, [batch])

    assert await temperatures(database) == [20.0]


async def test_readings_that_are_to_blame_are_told_from_a_server_that_refuses(
    database: Database,
) -> None:
    """What the database never takes is a dead letter; a server that takes no writes only delays."""
    never, good = (Batch(name, NOW, [Reading(NOW, NOW)]) for name in ("a\0b", "d"))
    with pytest.raises(NotStorableError):
        await store(database, [never])
    async with database.bulk_transaction() as connection:
        await connection.execute("set transaction read only")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await repository.copy(connection, Bulk((), [good]))


# ---------------------------------------------------------------- nobody else


def test_nothing_but_the_recorder_writes_readings() -> None:
    """One file holds the statements; that the recorder alone comes to it is a contract of `make lint`."""
    writing = re.compile(
        r"insert into readings\b|copy_to_table|(insert|update|delete)\(tables\.readings\b(?!_)"
    )
    package = Path(fire_safety.__file__).parent
    files = [path for path in package.rglob("*.py") if writing.search(path.read_text())]

    assert [path.relative_to(package).as_posix() for path in files] == ["repository/readings.py"]


async def test_one_of_two_that_wait_in_a_circle_gives_way(database: Database) -> None:
    """A copy and a merge of the same in another order: whoever gives way is told that it was stored before."""
    early, late = (
        Batch("d", NOW, [Reading(observed_ms=at, received_ms=NOW)]) for at in (NOW - 2000, NOW)
    )
    await store(database, [Batch("other", NOW, [Reading(observed_ms=NOW, received_ms=NOW)])])
    copied_late = asyncio.Event()

    async def copy() -> None:
        async with database.bulk_transaction() as copying:
            await repository.copy(copying, Bulk((), [late]))
            copied_late.set()
            await until(lambda: _someone_waits(database))
            await repository.copy(copying, Bulk((), [early]))

    async def merge() -> None:
        await copied_late.wait()
        async with database.bulk_transaction() as merging:
            await repository.merge(merging, Bulk((), [early, late]))

    ended = await asyncio.gather(copy(), merge(), return_exceptions=True)

    assert [type(one) for one in ended if one] == [repository.StoredBeforeError]
    assert len(await stored(database)) == 3


async def _someone_waits(database: Database) -> bool:
    statement = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    async with database.transaction() as tx:
        return bool(await tx.scalar(statement))
