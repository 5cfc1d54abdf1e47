"""Messages read as columns: never anything else than what the parser reads, and never what it refuses."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidMessageError
from fire_safety.decoders import columns, native
from fire_safety.decoders.columns import Sent
from fire_safety.domain.readings.columns import Block
from fire_safety.domain.readings.reading import Batch
from tests.fire_safety.limits import INGESTION
from ward.fire_safety.v1 import readings_pb2 as pb

NOW = 1_700_000_000_000
DEVICES = ("CS0001-D01", "D-7", "a-much-longer-name-of-a-device")
MEASURES = ("optical_density", "temperature", "battery", "carbon_monoxide")

values = st.sampled_from([0.0, 0.5, -1.0, 99.0, 2000.0, 1e30, math.nan, math.inf])
fields = {
    **dict.fromkeys(MEASURES, values),
    "conditions": st.sampled_from([0, 1, 2**32 - 1]),
    "sequence": st.sampled_from([0, 5, 2**63 - 1, 2**63]),
}
times = st.integers(NOW - 8 * 86_400_000, NOW + 86_400_000) | st.integers(NOW - 9, NOW)


def subject_of(device_id: str) -> str:
    """Tell where a device's messages are kept."""
    return f"ward.11002.device.{device_id}.up"


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, bytes]:
    """Write readings that all have the same fields, whatever is in them."""
    device_id = draw(st.sampled_from(DEVICES))
    chosen = draw(st.sets(st.sampled_from(sorted(fields))) | st.just({"optical_density"}))
    count = draw(st.integers(0, 6))
    observed = draw(st.lists(times, min_size=count, max_size=count))
    if draw(st.booleans()):
        observed.sort()
    readings = [
        pb.Reading(observed_at_ms=at, **{name: draw(fields[name]) for name in chosen})
        for at in observed
    ]
    named = draw(st.sampled_from([device_id, device_id, "another"]))
    payload = pb.ReadingBatch(device_id=named, readings=readings).SerializeToString()
    return subject_of(device_id), payload


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """Change one byte of a message."""
    subject, payload = draw(messages())
    if not payload:
        return subject, payload
    at = draw(st.integers(0, len(payload) - 1))
    return subject, payload[:at] + bytes([draw(st.integers(0, 255))]) + payload[at + 1 :]


def outcome_of(subject: str, payload: bytes) -> Batch | None:
    """Read a payload as the parser does; None if it is refused."""
    try:
        return native.decode(subject, payload, NOW, INGESTION)
    except InvalidMessageError:
        return None


def blocks_of(*given_: tuple[str, bytes]) -> list[Block]:
    """Read messages as columns."""
    sent = Sent(
        range(len(given_)),
        [subject.encode() for subject, _ in given_],
        [payload for _, payload in given_],
        [NOW] * len(given_),
    )
    return columns.read(sent, INGESTION)


def clean(device_id: str, count: int = 5) -> tuple[str, bytes]:
    """Write an ordinary message."""
    readings = [
        pb.Reading(observed_at_ms=NOW - 1000 * (count - n), optical_density=0.25, battery=87)
        for n in range(count)
    ]
    batch = pb.ReadingBatch(device_id=device_id, readings=readings)
    return subject_of(device_id), batch.SerializeToString()


@given(st.lists(messages() | damaged(), max_size=6))
@settings(max_examples=300)
def test_columns_say_what_the_parser_says(some: list[tuple[str, bytes]]) -> None:
    """Values, absent fields and order; what the parser refuses is in no block, and no message in two."""
    blocks = blocks_of(*some)

    places = [place for block in blocks for place in block.places]
    assert len(places) == len(set(places))
    for block in blocks:
        for place, batch in zip(block.places, block.batches(), strict=True):
            assert batch == outcome_of(*some[place])


def test_messages_of_many_devices_are_one_block() -> None:
    """However long their names are and however many readings each has."""
    some = [clean(device_id, count) for device_id in DEVICES for count in (1, 3, 50)]

    (block,) = blocks_of(*some)

    assert block.places == list(range(9))
    assert block.readings == 3 * 54


def test_more_devices_than_are_remembered_are_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever invents names fills no memory, and takes nobody's."""
    monkeypatch.setattr(columns, "_SUBJECTS", 2)

    for _ in range(2):
        (block,) = blocks_of(*(clean(f"D-{n}") for n in range(7)))

        assert block.device_ids == [f"D-{n}" for n in range(7)]


def test_one_message_that_is_refused_leaves_the_others() -> None:
    """It alone goes to the parser."""
    bad = pb.ReadingBatch(
        device_id="D-7",
        readings=[pb.Reading(observed_at_ms=NOW, optical_density=math.nan, battery=87)],
    )
    (block,) = blocks_of(clean("D-7"), (subject_of("D-7"), bad.SerializeToString()), clean("D-7"))

    assert block.places == [0, 2]


def test_what_has_a_number_of_its_own_is_left_to_the_parser() -> None:
    """Repeats of a device without a clock are known by it, one by one."""
    counted = pb.ReadingBatch(
        device_id="D-7", readings=[pb.Reading(observed_at_ms=NOW, battery=87, sequence=5)]
    )

    assert blocks_of((subject_of("D-7"), counted.SerializeToString())) == []


def test_a_stretch_sums_its_message_up() -> None:
    """Counts, times, gaps and bounds, each of its own message."""
    (block,) = blocks_of(clean("D-7", 3), clean("CS0001-D01", 1))
    first, second = block.stretches()

    assert (first.device_id, first.readings, first.first_ms, first.last_ms) == (
        "D-7",
        3,
        NOW - 3000,
        NOW - 1000,
    )
    assert (first.shortest_gap_ms, first.longest_gap_ms) == (1000, 1000)
    assert (first.density, first.temperature, first.battery) == ((0.25, 0.25), None, (87, 87))
    assert (second.readings, second.longest_gap_ms) == (1, 0)
    assert second.shortest_gap_ms > 0
