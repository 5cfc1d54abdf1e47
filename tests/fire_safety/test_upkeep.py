"""Upkeep of storage: figures are those of the readings, and nothing is dropped before its time."""

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from chassis.clock import utc_now
from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.readings.columns import Bulk
from fire_safety.domain.readings.reading import Batch, Reading
from fire_safety.operations.upkeep import UpkeepOperations
from fire_safety.repository import figures, readings
from tests.fire_safety.field import store
from tests.fire_safety.samples import NOW, NOW_MS

pytestmark = pytest.mark.postgres

HOUR_MS = 3_600_000
DAY = timedelta(days=1)
TOMORROW = NOW + DAY


def upkeep(database: Database, now: datetime = TOMORROW) -> UpkeepOperations:
    """Make upkeep with a clock that stands."""
    return UpkeepOperations(database, lambda: now)


async def roll_up_all(database: Database) -> int:
    """Roll up what is due; tell how many hours."""
    operations, hours = upkeep(database), 0
    while await operations.roll_up_next():
        hours += 1
    return hours


def batch(device_id: str, at_ms: int, temperature: float = 20.0) -> Batch:
    """Make a message of one reading, received at `NOW`."""
    return Batch(device_id, NOW_MS, [Reading(at_ms, NOW_MS, temperature=temperature)])


class Figures(NamedTuple):
    """What a device's readings of an hour come to; of each measure: count, sum, least, greatest."""

    readings: int
    conditions: int
    battery: float | None
    measured: tuple[tuple[int, float | None, float | None, float | None], ...]


def figures_of(some: list[tuple[float | None, ...]]) -> Figures:
    """Compute them by hand from (conditions, battery, density, temperature, monoxide)."""
    conditions = 0
    for one in some:
        conditions |= int(one[0] or 0)
    batteries = [one[1] for one in some if one[1] is not None]
    measured = []
    for place in (2, 3, 4):
        values = [value for one in some if (value := one[place]) is not None]
        if values:
            measured.append((len(values), sum(values), min(values), max(values)))
        else:
            measured.append((0, None, None, None))
    return Figures(len(some), conditions, min(batteries, default=None), tuple(measured))


async def of_raw(database: Database) -> dict[tuple[str, datetime], Figures]:
    """Compute all figures from what is stored."""
    async with database.transaction() as tx:
        rows = (await tx.execute(select(tables.readings))).all()
    by_hour: dict[tuple[str, datetime], list[tuple[float | None, ...]]] = {}
    for row in rows:
        hour = row.observed_at.replace(minute=0, second=0, microsecond=0)
        by_hour.setdefault((row.device_id, hour), []).append(
            (
                row.conditions,
                row.battery,
                row.optical_density,
                row.temperature,
                row.carbon_monoxide,
            )
        )
    return {key: figures_of(some) for key, some in by_hour.items()}


async def rolled_up(database: Database) -> dict[tuple[str, datetime], Figures]:
    """Read all figures."""
    async with database.transaction() as tx:
        rows = (await tx.execute(select(tables.readings_hourly))).mappings().all()
    parts = ("count", "sum", "min", "max")
    return {
        (row["device_id"], row["hour"]): Figures(
            row["readings"],
            row["conditions"],
            row["battery_min"],
            tuple(
                tuple(row[f"{name}_{part}"] for part in parts)  # type: ignore[misc] # four parts
                for name in figures.MEASURES
            ),
        )
        for row in rows
    }


# ---------------------------------------------------------------- figures

# Eighths are exact, so that sums do not depend on their order.
eighths = st.none() | st.integers(-400, 8000).map(lambda number: number / 8)
observed = st.builds(
    Reading,
    observed_ms=st.integers(NOW_MS - 4 * HOUR_MS, NOW_MS),
    received_ms=st.just(NOW_MS),
    optical_density=eighths,
    temperature=eighths,
    battery=eighths,
    conditions=st.integers(0, 2**32 - 1),
    carbon_monoxide=eighths,
)
messages = st.builds(
    lambda device, some: Batch(device, NOW_MS, sorted(some, key=lambda one: one.observed_ms)),
    st.sampled_from(["a", "b", "c"]),
    st.lists(observed, min_size=1, max_size=4),
)
# Groups of messages to record, and None for a roll-up.
steps = st.lists(st.none() | st.lists(messages, min_size=1, max_size=3), min_size=1, max_size=6)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
async def test_figures_are_those_of_the_readings(
    database: Database, some: list[list[Batch] | None]
) -> None:
    """However late readings come, and whenever their hours are rolled up in between."""
    for step in some:
        if step is None:
            await roll_up_all(database)
        else:
            await store(database, step)
    await roll_up_all(database)

    assert await rolled_up(database) == await of_raw(database)


async def test_an_hour_is_due_until_a_roll_up_has_seen_its_readings(database: Database) -> None:
    """What a recorder has stored and not committed while the hour is rolled up makes it due again."""
    await store(database, [batch("a", NOW_MS, 20.0)])
    async with database.bulk_transaction() as connection:
        late = [batch("a", NOW_MS + 1, 30.0)]
        await readings.copy(connection, Bulk((), late))
        await figures.mark(connection, Bulk((), late))
        assert await roll_up_all(database) == 1
        ((before, *_),) = [one.measured[1] for one in (await rolled_up(database)).values()]
    assert await roll_up_all(database) == 1

    assert before == 1
    assert await rolled_up(database) == await of_raw(database)


async def test_a_late_device_has_its_own_figures_computed_anew(database: Database) -> None:
    """Those of the others are left as they are: a device that keeps readings costs its own."""
    hours_ago = NOW_MS - 9 * HOUR_MS
    await store(database, [batch("a", hours_ago), batch("b", hours_ago)])
    await roll_up_all(database)
    before = await writers(database)
    await store(database, [batch("a", hours_ago + 1)])
    await roll_up_all(database)
    after = await writers(database)

    assert after["b"] == before["b"]
    assert after["a"] != before["a"]
    assert await rolled_up(database) == await of_raw(database)


async def writers(database: Database) -> dict[str, str]:
    """Tell which transaction wrote each device's figures."""
    statement = text("select device_id, xmin::text from readings_hourly")
    async with database.transaction() as tx:
        return {row.device_id: row.xmin for row in await tx.execute(statement)}


async def test_an_hour_is_rolled_up_after_it_has_ended(database: Database) -> None:
    """Not while it lasts: each reading would have it computed anew."""
    await store(database, [batch("a", NOW_MS)])
    end = NOW.replace(minute=0) + timedelta(hours=1)

    assert not await upkeep(database, end + timedelta(minutes=4)).roll_up_next()
    assert await upkeep(database, end + timedelta(minutes=6)).roll_up_next()
    assert not await upkeep(database, TOMORROW).roll_up_next()


# ---------------------------------------------------------------- partitions


async def partitions(database: Database, table: str = "readings") -> list[str]:
    """Name the partitions of a table, oldest first."""
    statement = text(
        "select relname from pg_inherits join pg_class on pg_class.oid = inhrelid"
        " where inhparent = to_regclass(:parent) order by relname"
    )
    async with database.transaction() as tx:
        return list((await tx.scalars(statement, {"parent": table})).all())


async def test_partitions_are_there_before_they_are_needed(database: Database) -> None:
    """From the oldest reading that is believed to the day after tomorrow; again without effect."""
    next_year = utc_now() + 400 * DAY
    for _ in range(2):
        await upkeep(database, next_year).prepare()

    made = await partitions(database)
    for days in range(-8, 3):
        assert f"readings_{next_year + days * DAY:%Y%m%d}" in made


async def test_what_was_kept_long_enough_is_dropped(database: Database) -> None:
    """A day at a time, the oldest first, counted; the figures stay."""
    now = utc_now()
    old = [round((now - days * DAY).timestamp() * 1000) for days in (120, 100, 10)]
    await store(database, [batch("a", at) for at in old])
    operations, before = upkeep(database, now), dropped()
    while await operations.roll_up_next():
        pass
    known = await rolled_up(database)
    while await operations.drop_next("readings"):
        pass

    assert dropped() == before + 2
    async with database.transaction() as tx:
        kept = (await tx.scalars(select(tables.readings.c.observed_at))).all()
    assert [round(one.timestamp() * 1000) for one in kept] == [old[2]]
    assert len(known) == 3
    assert await rolled_up(database) == known


async def test_nothing_is_dropped_that_is_not_rolled_up(database: Database) -> None:
    """However old."""
    now = utc_now()
    old = round((now - 100 * DAY).timestamp() * 1000)
    await store(database, [batch("a", old)])

    assert not await upkeep(database, now).drop_next("readings")
    await upkeep(database, now).roll_up_next()
    assert await upkeep(database, now).drop_next("readings")


async def test_one_clock_gone_mad_drops_nothing(database: Database) -> None:
    """The service's clock may jump years ahead: the database's must agree."""
    now = utc_now()
    await store(database, [batch("a", round(now.timestamp() * 1000))])
    before = await partitions(database)

    assert not await upkeep(database, now + 4000 * DAY).drop_next("readings")
    assert await partitions(database) == before


async def test_a_reading_that_outlives_its_day_does_not_shrink_the_figures(
    database: Database,
) -> None:
    """After a day was dropped, one that comes for it all the same is fewer than what was known."""
    now = utc_now()
    old = round((now - 100 * DAY).timestamp() * 1000)
    await store(database, [batch("a", old), batch("a", old + 1)])
    operations = upkeep(database, now)
    await operations.roll_up_next()
    known = await rolled_up(database)
    assert await operations.drop_next("readings")
    await store(database, [batch("a", old + 2)])
    await operations.roll_up_next()

    assert await rolled_up(database) == known


async def test_somebody_who_reads_for_long_delays_a_drop(database: Database) -> None:
    """Recording must not wait behind a drop that waits."""
    now = utc_now()
    await store(database, [batch("a", round((now - 100 * DAY).timestamp() * 1000))])
    await upkeep(database, now).roll_up_next()
    async with database.transaction() as tx:
        await tx.execute(select(tables.readings))
        assert not await upkeep(database, now).drop_next("readings")

    assert await upkeep(database, now).drop_next("readings")


@pytest.mark.parametrize(
    "statement",
    [
        "select * from partitions.readings_{today}",
        "delete from partitions.readings_{today}",
        "drop table partitions.readings_{today}",
        "alter table readings detach partition partitions.readings_{today}",
        "create table mine (n int)",
    ],
)
async def test_the_service_has_no_way_around_the_functions(
    database: Database, statement: str
) -> None:
    """Its role may not look into the partitions' schema, nor make or drop a table."""
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        async with database.transaction() as tx:
            await tx.execute(text(statement.format(today=f"{utc_now():%Y%m%d}")))


@pytest.mark.parametrize("table", ["alarms", "readings_before", "pg_class"])
async def test_other_tables_have_no_partitions(database: Database, table: str) -> None:
    """The functions act on the two they are for."""
    for function in ("ensure_partition", "drop_expired_partition"):
        with pytest.raises(DBAPIError):
            async with database.transaction() as tx:
                await tx.execute(text(f"select {function}('{table}', now())"))


async def test_counts_are_forgotten_after_a_day(database: Database) -> None:
    """Nobody repeats what is older; until then a repeat is known."""
    at = NOW_MS
    message = Batch("counting", at, [Reading(at, at, temperature=20.0, sequence=1)])
    await store(database, [message])
    sequences = select(tables.reading_sequences.c.sequence)

    await upkeep(database, NOW + timedelta(hours=23)).forget_sequences()
    async with database.transaction() as tx:
        assert (await tx.scalars(sequences)).all() == [1]
    await upkeep(database, NOW + timedelta(hours=25)).forget_sequences()
    async with database.transaction() as tx:
        assert (await tx.scalars(sequences)).all() == []


def dropped() -> float:
    """Read how many partitions of readings were dropped."""
    return REGISTRY.get_sample_value("ward_partitions_dropped_total", {"table": "readings"}) or 0.0
