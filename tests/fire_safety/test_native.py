"""The platform's own payload format: what is read, what is refused and why, and hostile bytes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidMessageError
from fire_safety.decoders import native
from fire_safety.domain.readings.reading import Batch, Reading
from tests.fire_safety.limits import INGESTION
from ward.fire_safety.v1 import readings_pb2 as pb

NOW = 1_700_000_000_000
SUBJECT = "ward.11002.device.CS0001-D01.up"
REASONS = {
    "bad_device_id",
    "too_large",
    "not_protobuf",
    "empty",
    "too_many_readings",
    "wrong_device",
    "no_time",
    "future_time",
    "ancient_time",
    "not_finite",
    "out_of_range",
}


def message(*readings: pb.Reading, device_id: str = "CS0001-D01") -> bytes:
    """Write a batch."""
    return pb.ReadingBatch(device_id=device_id, readings=readings).SerializeToString()


def decode(payload: bytes, subject: str = SUBJECT) -> Batch:
    """Read a payload received now."""
    return native.decode(subject, payload, NOW, INGESTION)


def reason(payload: bytes, subject: str = SUBJECT) -> str:
    """Tell why a payload is refused."""
    with pytest.raises(InvalidMessageError) as refused:
        decode(payload, subject)
    return refused.value.reason


def outcome_of(payload: bytes) -> Batch | str:
    """Read a payload, or tell why it is refused."""
    try:
        return decode(payload)
    except InvalidMessageError as error:
        return error.reason


def test_a_full_reading_is_read() -> None:
    """Every field, in its unit."""
    payload = message(
        pb.Reading(
            observed_at_ms=NOW - 5,
            optical_density=0.25,
            temperature=30.5,
            battery=87,
            conditions=5,
            carbon_monoxide=12.5,
            sequence=77,
        )
    )

    assert decode(payload) == Batch(
        "CS0001-D01", NOW, [Reading(NOW - 5, NOW, 0.25, 30.5, 87, 5, 12.5, 77)]
    )


def test_what_is_not_measured_is_none() -> None:
    """Absent is not zero; a reading with a time alone is a sign of life."""
    assert decode(message(pb.Reading(observed_at_ms=NOW))).readings == [
        Reading(NOW, NOW, None, None, None, 0, None, None)
    ]


def test_a_measured_zero_is_not_absent() -> None:
    """Clean air was measured; the first reading of a device's count is the zeroth."""
    zeros = pb.Reading(observed_at_ms=NOW, carbon_monoxide=0, optical_density=0, sequence=0)

    assert decode(message(zeros)).readings == [Reading(NOW, NOW, 0, None, None, 0, 0, 0)]


def test_readings_come_in_the_order_of_the_device_clock() -> None:
    """Whatever order they were written in."""
    times = [NOW - 10, NOW - 30, NOW - 20]
    payload = message(*(pb.Reading(observed_at_ms=one) for one in times))

    assert [one.observed_ms for one in decode(payload).readings] == sorted(times)


@pytest.mark.parametrize("sequence", [0, 77])
def test_a_device_without_a_clock_is_observed_when_it_is_received(sequence: int) -> None:
    """Its own count tells its readings apart, so that a repeat is known."""
    batch = decode(message(pb.Reading(temperature=20, sequence=sequence)))

    assert batch.readings == [Reading(NOW, NOW, temperature=20, sequence=sequence)]
    assert batch.is_counted


def test_fields_of_newer_devices_are_tolerated() -> None:
    """A device must not fall silent because it says more."""
    plain = message(pb.Reading(observed_at_ms=NOW))
    unknown = b"\xfa\x01\x03abc"  # field 31, three bytes

    assert decode(plain + unknown) == decode(plain)


GOOD = pb.Reading(observed_at_ms=NOW)


@pytest.mark.parametrize(
    ("expected", "payload"),
    [
        ("empty", b""),
        ("empty", message()),
        ("not_protobuf", b"\xff\xff\xff\xff"),
        ("not_protobuf", message(GOOD)[:-1]),
        ("too_large", b"\x00" * (INGESTION.max_bytes + 1)),
        ("too_large", bytes(2**20)),
        ("too_many_readings", message(*[GOOD] * 1001)),
        ("wrong_device", message(GOOD, device_id="CS0001-D02")),
        ("wrong_device", message(GOOD, device_id="")),
        ("no_time", message(pb.Reading(temperature=20))),
        ("no_time", message(pb.Reading(sequence=1), pb.Reading(sequence=2))),
        ("no_time", message(GOOD, pb.Reading(sequence=2))),
        ("future_time", message(pb.Reading(observed_at_ms=NOW + 12 * 3600_000 + 1))),
        ("future_time", message(pb.Reading(observed_at_ms=2**64 - 1))),
        ("ancient_time", message(pb.Reading(observed_at_ms=NOW - 7 * 86400_000 - 1))),
        ("ancient_time", message(GOOD, pb.Reading(observed_at_ms=0))),
        ("not_finite", message(pb.Reading(observed_at_ms=NOW, optical_density=math.nan))),
        ("not_finite", message(pb.Reading(observed_at_ms=NOW, temperature=math.inf))),
        ("not_finite", message(pb.Reading(observed_at_ms=NOW, battery=-math.inf))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, optical_density=-0.03))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, optical_density=101))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, temperature=-61))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, temperature=1501))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, battery=101))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, carbon_monoxide=-1))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, carbon_monoxide=100_001))),
        ("not_finite", message(pb.Reading(observed_at_ms=NOW, carbon_monoxide=math.nan))),
        ("out_of_range", message(pb.Reading(observed_at_ms=NOW, sequence=2**63))),
    ],
)
def test_what_is_refused_says_why(expected: str, payload: bytes) -> None:
    """One reason each."""
    assert reason(payload) == expected


@pytest.mark.parametrize("name", ["", "a b", "\N{SNOWMAN}", "x" * 65, "a/b", "'--"])
def test_a_subject_that_names_no_device_is_refused(name: str) -> None:
    """Before the payload is looked at."""
    assert reason(message(GOOD), f"ward.11002.device.{name}.up") == "bad_device_id"


@given(st.binary(max_size=300))
@settings(max_examples=500)
def test_noise_is_refused_with_a_known_reason(noise: bytes) -> None:
    """No bytes do anything else."""
    assert reason(noise) in REASONS


@given(st.data())
@settings(max_examples=300)
def test_a_batch_with_flipped_bytes_is_read_or_refused(data: st.DataObject) -> None:
    """And what is read keeps the limits."""
    readings = [pb.Reading(observed_at_ms=NOW - n, optical_density=0.01) for n in range(5)]
    payload = bytearray(message(*readings))
    for place in data.draw(st.lists(st.integers(0, len(payload) - 1), max_size=4)):
        payload[place] = data.draw(st.integers(0, 255))
    outcome = outcome_of(bytes(payload))

    if isinstance(outcome, str):
        assert outcome in REASONS
    else:
        assert outcome.device_id == "CS0001-D01"
        assert all(abs(one.observed_ms - NOW) <= 7 * 86400_000 for one in outcome.readings)
        assert all(-0.02 <= (one.optical_density or 0) <= 100 for one in outcome.readings)


@given(
    st.lists(
        st.builds(
            Reading,
            observed_ms=st.integers(NOW - 86400_000, NOW),
            received_ms=st.just(NOW),
            optical_density=st.none() | st.floats(0, 100, width=32),
            temperature=st.none() | st.floats(-60, 1500, width=32),
            battery=st.none() | st.floats(0, 100, width=32),
            conditions=st.integers(0, 2**32 - 1),
            carbon_monoxide=st.none() | st.floats(0, 100_000, width=32),
            sequence=st.none() | st.integers(0, 2**63 - 1),
        ),
        min_size=1,
        max_size=50,
    )
)
def test_every_believable_batch_comes_back_as_it_was_sent(readings: list[Reading]) -> None:
    """Round trip."""
    written = [
        pb.Reading(
            observed_at_ms=one.observed_ms,
            optical_density=one.optical_density,
            temperature=one.temperature,
            battery=one.battery,
            conditions=one.conditions,
            carbon_monoxide=one.carbon_monoxide,
            sequence=one.sequence,
        )
        for one in readings
    ]

    assert decode(message(*written)).readings == sorted(readings, key=lambda one: one.observed_ms)
