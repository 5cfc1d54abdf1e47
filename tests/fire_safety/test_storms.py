"""Storms: found once when many premises alarm at once, shown, and no reason to drop anything."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.storage.database import Database, Lease
from chassis.storage.outbox import Relay
from fire_safety.domain.alarms.alarm import AlarmKind, Signal
from fire_safety.domain.alarms.storms import Burst, Storm, StormPolicy, begins, goes_on
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.storms import StormOperations
from fire_safety.queries.storms import StormQueries
from tests.fire_safety.samples import NOW, signal
from tests.fire_safety.stored import WARD, alarms_of, outbox_of
from tests.fire_safety.test_modes import Clock

POLICY = StormPolicy(1, begins_at_premises=10, within_s=300, ends_below_premises=3, calm_s=600)


# ---------------------------------------------------------------- decided


@given(st.lists(st.integers(0, 30), max_size=50))
def test_a_storm_ends_only_when_it_is_calm(counts: list[int]) -> None:
    """Between its two limits it neither begins nor ends, and never forgets how great it was."""
    storm: Storm | None = None
    for count in counts:
        burst = Burst(within=count, calm=count)
        if storm is None:
            if begins(burst, POLICY):
                storm = Storm(uuid4(), "11002", NOW, None, count, 1)
            assert (storm is not None) == (count >= 10)
            continue
        after = goes_on(storm, burst, POLICY, NOW)
        assert (after.ended_at is not None) == (count < 3)
        assert after.most_premises >= storm.most_premises
        storm = None if after.ended_at else after


# ---------------------------------------------------------------- found


def fires(devices: Iterable[int], kind: AlarmKind = AlarmKind.SMOKE) -> list[Signal]:
    """Make signals of devices nobody has placed: each counts as premises of its own."""
    return [signal(kind, device_id=f"x{number}") for number in devices]


@pytest.mark.postgres
async def test_a_storm_is_found_once_followed_and_ended(
    database: Database, relay: Relay, lease: Lease
) -> None:
    """By any number of instances; what is raised in it is raised as ever."""
    clock = Clock()
    detection = DetectionOperations(relay, clock, WARD)
    storms = StormOperations(database, relay, clock, "11002")
    queries = StormQueries(database)

    await detection.note_signals(lease, fires(range(9)), None)
    await detection.note_signals(lease, fires(range(100), AlarmKind.FAULT), None)
    await detection.note_signals(
        lease, [replace(one, pre_alarm=True) for one in fires([0], AlarmKind.HEAT)], None
    )
    assert await storms.look() is None
    await detection.note_signals(lease, fires([9]), None)
    await asyncio.gather(*(storms.look() for _ in range(4)))
    (on,) = await queries.list_storms(None, 10)
    await detection.note_signals(lease, fires(range(10, 14)), None)
    clock.now = NOW + timedelta(minutes=6)
    await storms.look()
    (after_six,) = await queries.list_storms(None, 10)
    clock.now = NOW + timedelta(minutes=11)
    await storms.look()
    (over,) = await queries.list_storms(None, 10)

    assert (on.began_at, on.ended_at, on.most_premises, on.policy_version) == (NOW, None, 10, 1)
    assert after_six.ended_at is None
    assert over.ended_at == clock.now
    assert await storms.look() is None
    names = [name for name, _ in await outbox_of(database, "Storm")]
    assert names == ["StormBegan", "StormEnded"]
    assert len(await alarms_of(database)) == 115


@pytest.mark.postgres
async def test_a_storm_that_grows_says_how_great_it_was(
    database: Database, relay: Relay, lease: Lease
) -> None:
    """At the most; and a device that alarms twice counts once."""
    clock = Clock()
    detection = DetectionOperations(relay, clock, WARD)
    storms = StormOperations(database, relay, clock, "11002")
    await detection.note_signals(lease, fires(range(10)), None)
    await storms.look()
    await detection.note_signals(lease, fires(range(12)) + fires(range(12), AlarmKind.HEAT), None)

    storm = await storms.look()

    assert storm is not None
    assert storm.most_premises == 12
