"""Batches read as tables: never anything else than what the parser reads, and never what it refuses."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidMessageError
from fire_safety.decoders import fixed_width, native
from fire_safety.domain.readings import Batch
from tests.fire_safety.limits import INGESTION
from ward.fire_safety.v1 import readings_pb2 as pb

NOW = 1_700_000_000_000
DEVICE = "CS0001-D01"
SUBJECT = f"ward.11002.device.{DEVICE}.up"
# A field of the batch that nobody knows: harmless to the parser, and no table any more.
UNKNOWN_FIELD = b"\x7a\x00"

values = st.sampled_from([0.0, 0.5, -1.0, 99.0, 2000.0, 1e30, math.nan, math.inf])
fields = {
    "optical_density": values,
    "temperature": values,
    "battery": values,
    "conditions": st.sampled_from([0, 1, 2**32 - 1]),
    "carbon_monoxide": values,
    "sequence": st.sampled_from([0, 5, 2**63 - 1, 2**63]),
}
times = st.integers(NOW - 8 * 86_400_000, NOW + 86_400_000) | st.integers(NOW - 9, NOW)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Write readings that all have the same fields, whatever is in them."""
    chosen = draw(st.sets(st.sampled_from(sorted(fields))))
    count = draw(st.integers(1, 12))
    observed = draw(st.lists(times, min_size=count, max_size=count))
    if draw(st.booleans()):
        observed.sort()
    readings = [
        pb.Reading(observed_at_ms=at, **{name: draw(fields[name]) for name in chosen})
        for at in observed
    ]
    return pb.ReadingBatch(device_id=DEVICE, readings=readings).SerializeToString()


def outcome_of(payload: bytes) -> Batch | str:
    """Read a payload, or tell why it is refused."""
    try:
        return native.decode(SUBJECT, payload, NOW, INGESTION)
    except InvalidMessageError as error:
        return error.reason


@given(tables())
@settings(max_examples=400)
def test_a_table_is_read_as_the_parser_reads_it(payload: bytes) -> None:
    """Values, absent fields, order and refusals."""
    assert outcome_of(payload) == outcome_of(payload + UNKNOWN_FIELD)


@given(tables(), st.data())
@settings(max_examples=400)
def test_a_table_with_flipped_bytes_is_too(payload: bytes, data: st.DataObject) -> None:
    """Fields out of order, of other kinds, cut off or of other lengths are the parser's."""
    flipped = bytearray(payload)
    for place in data.draw(st.lists(st.integers(0, len(payload) - 1), max_size=3)):
        flipped[place] = data.draw(st.integers(0, 255))
    table = fixed_width.read(DEVICE, bytes(flipped), NOW, INGESTION)

    assert table is None or table == outcome_of(bytes(flipped) + UNKNOWN_FIELD)


def test_an_ordinary_batch_is_read_as_a_table() -> None:
    """What every sensor sends takes the fast way."""
    readings = [
        pb.Reading(observed_at_ms=NOW + n, optical_density=0.01, temperature=25, conditions=0)
        for n in range(50)
    ]
    payload = pb.ReadingBatch(device_id=DEVICE, readings=readings).SerializeToString()
    table = fixed_width.read(DEVICE, payload, NOW, INGESTION)

    assert table is not None
    assert len(table.readings) == 50
    assert table.readings[7].observed_ms == NOW + 7
    assert (table.readings[7].battery, table.readings[7].sequence) == (None, None)
    assert fixed_width.read("other", payload, NOW, INGESTION) is None
