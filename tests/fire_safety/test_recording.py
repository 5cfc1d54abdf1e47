"""Readings in the database: each once, as they were, whichever way they went in."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.database import Database
from fire_safety import tables
from fire_safety.domain.readings import Batch, Reading
from fire_safety.operations.recording import RecordingOperations
from fire_safety.repository import readings as repository

pytestmark = pytest.mark.postgres

NOW = 1_700_000_000_000

values = st.none() | st.floats(-60, 1500, width=32)
some_readings = st.builds(
    Reading,
    observed_ms=st.integers(0, NOW),
    received_ms=st.just(NOW),
    optical_density=values,
    temperature=values,
    battery=values,
    conditions=st.integers(0, 2**32 - 1),
)
batches = st.builds(
    Batch,
    device_id=st.text("abcXYZ019_-", min_size=1, max_size=64),
    received_ms=st.just(NOW),
    readings=st.lists(some_readings, min_size=1, max_size=5),
)


def moment(milliseconds: int) -> datetime:
    """Read a time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


async def stored(database: Database) -> dict[tuple[str, datetime], tuple[object, ...]]:
    """Read all readings by their key."""
    async with database.transaction() as tx:
        rows = (await tx.execute(select(tables.readings))).all()
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(batches, min_size=1, max_size=6))
async def test_readings_are_stored_as_they_were_each_once(
    database: Database, some: list[Batch]
) -> None:
    """Whatever was stored before or comes twice; the first of a kind stays."""
    expected = await stored(database)
    for batch in some:
        for one in batch.readings:
            expected.setdefault(
                (batch.device_id, moment(one.observed_ms)),
                (moment(NOW), one.optical_density, one.temperature, one.battery, one.conditions),
            )
    await RecordingOperations(database).record(some)
    await RecordingOperations(database).record(some[::-1])

    assert await stored(database) == expected


async def test_copy_and_merge_store_the_same(database: Database) -> None:
    """Full readings and such with gaps, by COPY's own format and by SQL."""
    full = Reading(NOW - 1, NOW, 0.25, 30.5, 87.0, 5)
    bare = Reading(NOW - 2, NOW)
    async with database.bulk_transaction() as connection:
        await repository.copy(connection, [Batch("copied", NOW, [full, bare])])
    async with database.bulk_transaction() as connection:
        assert await repository.merge(connection, [Batch("merged", NOW, [full, bare, full])]) == 2

    found = await stored(database)
    for one in (full, bare):
        at = moment(one.observed_ms)
        assert found["copied", at] == found["merged", at]
        assert found["copied", at][1:] == (
            one.optical_density,
            one.temperature,
            one.battery,
            one.conditions,
        )


async def test_a_refused_copy_stores_nothing(database: Database) -> None:
    """All of it or nothing, so that merging may follow."""
    known, new = Batch("known", NOW, [Reading(1, NOW)]), Batch("new", NOW, [Reading(1, NOW)])
    async with database.bulk_transaction() as connection:
        await repository.copy(connection, [known])
    with pytest.raises(repository.StoredBeforeError):
        async with database.bulk_transaction() as connection:
            await repository.copy(connection, [new, known])

    assert {key[0] for key in await stored(database)} == {"known"}
