"""Charts: few points that say what the readings say, whatever the span."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, text
from sqlalchemy.dialects import postgresql

from chassis.errors import FieldInvalidError
from chassis.storage.database import Database
from fire_safety.domain.devices.device import DeviceNotFoundError
from fire_safety.domain.readings.charts import HOUR, Chart, ChartPoint, ChartRequest, Measured
from fire_safety.domain.readings.reading import Batch, Reading
from fire_safety.queries.readings import ReadingQueries, of_both, of_readings, singly
from tests.fire_safety.field import store
from tests.fire_safety.samples import NOW, NOW_MS, PLACED
from tests.fire_safety.test_upkeep import upkeep

pytestmark = pytest.mark.postgres

DAY = timedelta(days=1)
DEVICE = "d-1"


def asked(length: timedelta, points: int = 300, device_id: str = DEVICE) -> ChartRequest:
    """Ask for the span before `NOW`."""
    return ChartRequest(device_id, NOW - length, NOW, points)


async def chart(database: Database, request: ChartRequest) -> Chart:
    """Ask as of `NOW`."""
    return await ReadingQueries(database).chart(request, NOW)


async def record(database: Database, readings: Iterable[Reading], device_id: str = DEVICE) -> None:
    """Store readings."""
    some = sorted(readings, key=lambda one: one.observed_ms)
    for begin in range(0, len(some), 1000):
        part = some[begin : begin + 1000]
        await store(database, [Batch(device_id, NOW_MS, part)])


def at(before: timedelta, temperature: float | None = 20.0, conditions: int = 0) -> Reading:
    """Observe so long before `NOW`."""
    observed_ms = NOW_MS - round(before.total_seconds() * 1000)
    return Reading(observed_ms, NOW_MS, temperature=temperature, conditions=conditions)


async def test_few_readings_are_told_as_they_are(database: Database) -> None:
    """With both times; each its own least, mean and greatest."""
    await record(database, [at(2 * HOUR, 20.5, 1), at(HOUR, None)])
    found = await chart(database, asked(DAY))

    twenty = Measured(20.5, 20.5, 20.5)
    assert found == Chart(
        [
            ChartPoint(NOW - 2 * HOUR, 1, 1, None, twenty, None, None, received_at=NOW),
            ChartPoint(NOW - HOUR, 1, 0, None, None, None, None, received_at=NOW),
        ],
        bucket=None,
    )


async def test_the_end_is_not_part_of_the_span(database: Database) -> None:
    """So that spans side by side show each reading once."""
    await record(database, [at(timedelta()), at(DAY)])

    assert [one.at for one in (await chart(database, asked(DAY))).points] == [NOW - DAY]


async def test_a_gap_is_a_gap(database: Database) -> None:
    """A bucket without readings is no point, least of all a zero."""
    ten = timedelta(seconds=10)
    await record(database, [at(6 * HOUR + n * ten) for n in range(1, 400)])
    await record(database, [at(n * ten) for n in range(1, 400)])
    found = await chart(database, asked(DAY))

    times = [one.at for one in found.points]
    assert found.bucket == timedelta(minutes=5)
    assert max(b - a for a, b in pairwise(times)) > 4 * HOUR
    assert all(one.readings and one.temperature for one in found.points)
    assert sum(one.readings for one in found.points) == 2 * 399


# Eighths are exact, so that means do not depend on the order of sums.
observed = st.builds(
    at,
    st.timedeltas(timedelta(minutes=1), 3 * DAY),
    st.none() | st.integers(-400, 8000).map(lambda number: number / 8),
    st.integers(0, 2**16 - 1),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(observed, min_size=1, max_size=8), min_size=1, max_size=3),
    st.integers(0, 40),
    st.integers(2, 12),
)
async def test_buckets_say_what_their_readings_say(
    database: Database, groups: list[list[Reading]], rolled_up: int, points: int
) -> None:
    """However many of their hours are rolled up yet, and whatever comes after that."""
    for group in groups:
        await record(database, group)
        for _ in range(rolled_up):
            if not await upkeep(database, NOW).roll_up_next():
                break
    everything = await chart(database, asked(4 * DAY, 1000))
    assert everything.bucket is None
    found = await chart(database, asked(4 * DAY, points))

    assert len(found.points) <= points
    if found.bucket is None:
        assert found == everything
        return
    for point in found.points:
        own = [one for one in everything.points if point.at <= one.at < point.at + found.bucket]
        values = [one.temperature.average for one in own if one.temperature]
        assert point.readings == len(own)
        assert point.conditions == _all_of(one.conditions for one in own)
        assert point.temperature == (
            Measured(min(values), sum(values) / len(values), max(values)) if values else None
        )
    assert sum(one.readings for one in found.points) == len(everything.points)


def _all_of(bits: Iterable[int]) -> int:
    together = 0
    for some in bits:
        together |= some
    return together


async def test_a_day_of_readings_every_ten_seconds(database: Database) -> None:
    """8,640 readings in 288 buckets of five minutes."""
    await record(database, [at(timedelta(seconds=10 * n)) for n in range(1, 8641)])
    found = await chart(database, asked(DAY))

    assert found.bucket == timedelta(minutes=5)
    assert len(found.points) == 289
    assert sum(one.readings for one in found.points) == 8640


_MONTHS = """
    select ensure_partition('readings_hourly', month)
      from generate_series(cast(:now as timestamptz) - interval '13 months', :now, '1 month') month
"""
_FIGURES = """
    insert into readings_hourly (device_id, hour, readings, conditions, temperature_count,
           temperature_sum, temperature_min, temperature_max,
           optical_density_count, carbon_monoxide_count)
    select 'd-1', date_trunc('hour', hour), 360, 0, 360, 7200, 10, 30, 0, 0
      from generate_series(cast(:now as timestamptz) - interval '1 year', :now, '1 hour') hour
"""


async def test_a_year_comes_from_hourly_figures(database: Database, owner: Database) -> None:
    """Also where the readings themselves are gone: what is asked of then is no finer than an hour."""
    async with owner.transaction() as tx:
        await tx.execute(text(_MONTHS), {"now": NOW})
        await tx.execute(text(_FIGURES), {"now": NOW})
    year = await chart(database, asked(365 * DAY))
    hours = await chart(database, ChartRequest(DEVICE, NOW - 200 * DAY, NOW - 199 * DAY, 300))

    assert year.bucket == timedelta(days=7)
    assert len(year.points) == 54
    assert year.points[9].temperature == Measured(10, 20, 30)
    assert year.points[9].readings == 7 * 24 * 360
    assert hours.bucket == HOUR
    assert len(hours.points) == 25


async def test_only_the_partitions_of_the_span_are_read(database: Database) -> None:
    """Of all that there are: the plan names the day's alone."""
    await record(database, [at(n * DAY) for n in range(1, 30)])
    of_a_day = ChartRequest(DEVICE, NOW - 20 * DAY, NOW - 20 * DAY + HOUR, 300)
    begin, end = of_a_day.start, of_a_day.end

    for statement in (
        singly(of_a_day),
        of_readings(DEVICE, begin, end, timedelta(minutes=1)),
        of_both(DEVICE, begin, begin, end, HOUR),
    ):
        plan = await explained(database, statement)
        assert f"readings_{begin:%Y%m%d}" in plan
        assert plan.count(" on readings_2") == 1
        assert "Seq Scan on readings_2" not in plan


async def explained(database: Database, statement: Select[Any]) -> str:
    """Ask how a statement would be answered."""
    compiled = statement.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's own
        compile_kwargs={"literal_binds": True},
    )
    async with database.transaction() as tx:
        await tx.execute(text("set local enable_seqscan = off"))
        rows = await tx.scalars(text(f"explain {compiled}".replace(":", r"\:")))
        return "\n".join(rows)


@pytest.mark.usefixtures("entered")
async def test_who_is_unknown_and_who_is_silent(database: Database) -> None:
    """A registered device may have measured nothing; one that nobody registered may have been heard."""
    await record(database, [at(9 * DAY)], device_id="stranger")

    assert (await chart(database, asked(DAY, device_id=PLACED.device_id))).points == []
    assert (await chart(database, asked(DAY, device_id="stranger"))).points == []
    with pytest.raises(DeviceNotFoundError):
        await chart(database, asked(DAY, device_id="nobody"))


@pytest.mark.parametrize("length", [timedelta(), -HOUR, timedelta(days=1828)])
async def test_an_impossible_span_is_refused(database: Database, length: timedelta) -> None:
    """Before anything is looked for."""
    with pytest.raises(FieldInvalidError):
        await chart(database, asked(length))
