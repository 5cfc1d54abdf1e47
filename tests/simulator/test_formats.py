"""What detectors of other makers write is what the platform reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fire_safety.decoders.registry import decoder_of
from fire_safety.domain.devices.device import PayloadFormat
from fire_safety.domain.readings.reading import Condition, Reading
from fuzz.expectation import LIMITS
from simulator import formats, wire
from simulator.fleet.sensor import FAULT, LOW_BATTERY, Sample
from ward.fire_safety.v1 import fire_safety_pb2 as pb

NOW = 1_790_000_000_000
DEVICE = "CS0009-D01"
FORMATS = [one for one in PayloadFormat if one is not PayloadFormat.NATIVE]
MEASURING = ["SENML_JSON", "SENML_CBOR", "PLAIN_JSON"]
SAMPLES = st.lists(
    st.builds(
        Sample,
        at_ms=st.integers(NOW - 3_600_000, NOW),
        optical_density=st.floats(0, 2),
        temperature=st.floats(-20, 120),
        battery=st.floats(0, 100),
        conditions=st.just(0),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda one: one.at_ms,
).map(lambda samples: sorted(samples, key=lambda one: one.at_ms))


def read(name: str, samples: list[Sample]) -> list[Reading]:
    """Write samples in a format and read them as the platform does."""
    decode = decoder_of(PayloadFormat(name))
    messages = formats.encode(pb.PayloadFormat.Value(f"PAYLOAD_FORMAT_{name}"), DEVICE, samples)
    subject = f"{wire.subject('11002', DEVICE)}.3"
    return [
        reading
        for message in messages
        for reading in decode(subject, message, NOW, LIMITS).readings
    ]


@pytest.mark.parametrize("name", MEASURING)
@given(samples=SAMPLES)
def test_what_measures_is_read_as_it_was_measured(name: str, samples: list[Sample]) -> None:
    """Each sample once, at its time, with all that it measured."""
    for found, said in zip(read(name, samples), samples, strict=True):
        assert found.observed_ms == said.at_ms
        assert found.optical_density == pytest.approx(said.optical_density)
        assert found.temperature == pytest.approx(said.temperature)
        assert found.battery == pytest.approx(said.battery)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("bits", "condition"),
    [(0, Condition(0)), (FAULT, Condition.FAULT), (LOW_BATTERY, Condition.LOW_BATTERY)],
)
def test_every_format_says_what_its_detector_declares(
    name: str, bits: int, condition: Condition
) -> None:
    """A fault, a low battery, or nothing; of two samples the later is the last."""
    said = [Sample(NOW - 9000, 0.002, 25.4, 90.0, bits), Sample(NOW, 0.002, 25.4, 90.0, bits)]

    *_, last = read(name, said)

    assert last.conditions == condition
    assert last.observed_ms == NOW
