"""Messages in which nothing happens, taken in one step: exactly what folding them reading by reading comes to."""

from itertools import accumulate

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fire_safety.decoders import columns
from fire_safety.decoders.columns import Sent
from fire_safety.detection.calm import passed
from fire_safety.detection.fold import DeviceState, fold
from fire_safety.detection.limits import limits_of
from fire_safety.detection.standing import Transition
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import Signal
from fire_safety.domain.readings.columns import Stretch
from tests.fire_safety.limits import BATTERY, INGESTION, MAINS, PROFILE
from ward.fire_safety.v1 import readings_pb2 as pb

START = 1_700_000_000_000
LIMITS = limits_of(PROFILE, MAINS.interval_s, mains_powered=True)

# Mostly a quiet room; now and then anything.
densities = st.floats(0, 0.00390625, width=32) | st.sampled_from([-0.01, 0.02, 0.05, 0.3])
temperatures = st.floats(20, 20.5, width=32) | st.sampled_from([15.0, 23.0, 40.0, 70.0])
steps = st.sampled_from([1, 500, 1000, 2000, 10_000]) | st.sampled_from(
    [0, 26_000, 125_000, 140_000, 149_500, 200_000]
)
conditions = st.sampled_from([0] * 30 + [1, 8, 32])
batteries = st.sampled_from([87.0] * 30 + [5.0])


@st.composite
def courses(draw: st.DrawFn) -> list[Stretch]:
    """Write a device's messages one after the other, each later than the one before, or nearly."""
    calm = draw(st.booleans())
    rooms = st.tuples(
        st.sampled_from([500, 1000, 2000]) if calm else steps,
        st.floats(0, 0.00390625, width=32) if calm else densities,
        st.floats(20, 20.5, width=32) if calm else temperatures,
        st.just(0) if calm else conditions,
        st.just(87.0) if calm else batteries,
    )
    return course_of(
        draw(st.lists(st.lists(rooms, min_size=1, max_size=20), min_size=1, max_size=6))
    )


def course_of(messages: list[list[tuple[int, float, float, int, float]]]) -> list[Stretch]:
    """Write messages of rows: milliseconds since the row before, density, temperature, conditions, battery."""
    at = START
    found = []
    for rows in messages:
        times = list(accumulate((row[0] for row in rows), initial=at))[1:]
        at = times[-1]
        readings = [
            pb.Reading(
                observed_at_ms=time,
                optical_density=density,
                temperature=temperature,
                conditions=bits,
                battery=battery,
            )
            for time, (_, density, temperature, bits, battery) in zip(times, rows, strict=True)
        ]
        found += stretches_of(pb.ReadingBatch(device_id=MAINS.device_id, readings=readings), at)
    return found


def stretches_of(batch: pb.ReadingBatch, received_ms: int) -> list[Stretch]:
    """Read a message as the lanes do."""
    subject = f"ward.11002.device.{batch.device_id}.up".encode()
    sent = Sent([0], [subject], [batch.SerializeToString()], [received_ms])
    return [one for block in columns.read(sent, INGESTION) for one in block.stretches()]


# Too old for the third to be judged by is the first, and too new the second.
TOO_FAR_APART = course_of([[(ms, 0.0, 20.0, 0, 87.0) for ms in (0, 125_000, 26_000)]])


@given(courses())
@example(TOO_FAR_APART)
@settings(max_examples=300)
def test_it_comes_to_what_folding_comes_to(course: list[Stretch]) -> None:
    """Windows, clean air and all; and none of the readings gives a signal."""
    state = DeviceState()
    for stretch in course:
        folded, told = state, list[Transition]()
        for reading in stretch.batch.readings:
            folded, some = fold(folded, reading, LIMITS)
            told += some
        at_once = passed(state, stretch, LIMITS)
        if at_once is not None:
            assert not told
            assert at_once._replace(clean_air=0) == folded._replace(clean_air=0)
            assert at_once.clean_air == pytest.approx(folded.clean_air, abs=1e-12)
        state = folded


def ward() -> Ward:
    """Remember one mains and one battery device."""
    made = Ward([PROFILE], {}, START)
    made.register([MAINS, BATTERY], START)
    return made


@given(courses())
@settings(max_examples=200)
def test_the_ward_tells_the_same_either_way(course: list[Stretch]) -> None:
    """Signals, whatever comes in between; and the same message again changes nothing."""
    by_step, by_reading = ward(), ward()
    for stretch in course:
        at_once: list[Signal] = by_step.pass_over(stretch) + by_step.pass_over(stretch)
        singly = by_reading.take(stretch.batch) + by_reading.take(stretch.batch)
        assert at_once == singly
        assert by_step.sweep(stretch.received_ms) == by_reading.sweep(stretch.received_ms)


def test_a_quiet_room_is_passed_from_its_first_message() -> None:
    """Otherwise all this would be for nothing: none of ten quiet messages is folded, nor one after a long pause."""
    state, passes = DeviceState(), 0
    for number in (*range(10), 100):
        readings = [
            pb.Reading(
                observed_at_ms=START + 1000 * (50 * number + n),
                optical_density=0.002,
                temperature=25,
                battery=87,
            )
            for n in range(50)
        ]
        batch = pb.ReadingBatch(device_id=MAINS.device_id, readings=readings)
        (stretch,) = stretches_of(batch, START + 50_000 * (number + 1))
        at_once = passed(state, stretch, LIMITS)
        passes += at_once is not None
        for reading in stretch.batch.readings:
            state, _ = fold(state, reading, LIMITS)
    assert passes == 11
