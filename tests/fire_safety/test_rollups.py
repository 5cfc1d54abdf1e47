"""Which hours' figures readings change."""

from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fire_safety.domain.readings.columns import Block, Bulk
from fire_safety.domain.readings.reading import Batch, Reading
from fire_safety.domain.readings.rollups import Touched, touched_hours

HOUR = 3_600_000
NOON = 1_700_006_400_000 // HOUR * HOUR


def batch(device_id: str, received_ms: int, *observed_ms: int) -> Batch:
    """Make a message of readings at these times."""
    times = sorted(observed_ms)
    return Batch(device_id, received_ms, [Reading(one, received_ms) for one in times])


def test_what_comes_in_time_changes_the_hour_for_all() -> None:
    """In its hour or the one after, before it is rolled up: no device needs to be named."""
    some = [batch("a", NOON + 5, NOON + 1), batch("b", NOON + 9, NOON - 1)]

    assert touched_hours(Bulk((), some)) == [Touched(NOON - HOUR, ()), Touched(NOON, ())]


def test_what_comes_late_changes_one_device() -> None:
    """Kept readings, and such of a clock that is ahead: the hour of all others is left alone."""
    late, ahead = NOON - 9 * HOUR, NOON + 3 * HOUR
    some = [batch("b", NOON, late), batch("a", NOON, late, ahead), batch("c", NOON, NOON)]

    assert touched_hours(Bulk((), some)) == [
        Touched(NOON, ()),
        Touched(late, ("a", "b")),
        Touched(ahead, ("a",)),
    ]


def block(some: list[Batch]) -> Block:
    """Put messages into columns; nothing is measured."""
    readings = [one for batch in some for one in batch.readings]
    return Block(
        places=range(len(some)),
        device_ids=[one.device_id for one in some],
        received_ms=np.array([one.received_ms for one in some]),
        starts=np.array([*accumulate((len(one.readings) for one in some), initial=0)]),
        observed_ms=np.array([one.observed_ms for one in readings]),
        conditions=np.zeros(len(readings), np.int64),
        measures={},
    )


times = st.integers(NOON - 30 * HOUR, NOON + 30 * HOUR)
batches = st.builds(
    lambda device, received, observed: batch(device, received, *observed),
    st.sampled_from("abc"),
    times,
    st.lists(times, min_size=1, max_size=4),
)


@given(st.lists(batches, max_size=6))
def test_each_reading_is_in_a_touched_hour(some: list[Batch]) -> None:
    """For its device or for all; each hour comes once, and none that no reading is in."""
    touched = touched_hours(Bulk((), some))
    devices = {one.hour_ms: one.device_ids for one in touched}

    assert len(devices) == len(touched)
    for one in some:
        for reading in one.readings:
            named = devices[reading.observed_ms // HOUR * HOUR]
            assert named == () or one.device_id in named
    assert set(devices) == {
        reading.observed_ms // HOUR * HOUR for one in some for reading in one.readings
    }


@given(st.lists(batches, min_size=1, max_size=6))
def test_columns_touch_the_same_hours(some: list[Batch]) -> None:
    """Whether all messages are of one hour, as they nearly always are, or of many."""
    assert touched_hours(Bulk([block(some)], ())) == touched_hours(Bulk((), some))


def test_columns_of_one_hour_touch_it() -> None:
    """In one look."""
    some = [batch("a", NOON + 5, NOON + 1), batch("b", NOON + 9, NOON + 3, NOON + 7)]

    assert touched_hours(Bulk([block(some)], ())) == [Touched(NOON, ())]
