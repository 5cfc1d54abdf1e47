"""Payloads of devices that are not on the register: smoke is smoke, in whatever format it is signalled."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidMessageError
from fire_safety.decoders.registry import decoder_of, read, recognise
from fire_safety.domain.devices.device import PayloadFormat
from fire_safety.domain.readings.reading import Condition
from fuzz import recognition
from fuzz.expectation import DEVICE, NOW, SUBJECT, check, outcome_of
from tests.fire_safety.decoding import reading_of, reason_of, written
from tests.fire_safety.gs524n import event, other_event
from tests.fire_safety.limits import INGESTION
from tests.fire_safety.smoking import smoking
from tests.fuzz import broken
from ward.fire_safety.v1 import readings_pb2 as pb

SMOKING = smoking(DEVICE, NOW)


def test_every_format_has_an_example() -> None:
    """The next format needs one."""
    assert set(SMOKING) == set(PayloadFormat)


@pytest.mark.parametrize("payload_format", PayloadFormat)
def test_smoke_is_recognised_in_every_format(payload_format: PayloadFormat) -> None:
    """Exactly as the format's own decoder reads it."""
    payload = SMOKING[payload_format]
    own = decoder_of(payload_format)(SUBJECT, payload, NOW, INGESTION)

    assert recognise(SUBJECT, payload, NOW, INGESTION) == (decoder_of(payload_format), own)
    assert own.readings[0].conditions == Condition.SMOKE_ALARM


@pytest.mark.parametrize("payload_format", PayloadFormat)
def test_no_format_is_read_as_another(payload_format: PayloadFormat) -> None:
    """A device that is registered wrongly is refused, not misread; Zigbee's `smoke` alone is plain JSON's too."""
    for other in PayloadFormat:
        outcome = outcome_of(decoder_of(other), SMOKING[payload_format])
        assert (
            isinstance(outcome, str)
            or other is payload_format
            or {other, payload_format} == {PayloadFormat.ZIGBEE_IAS, PayloadFormat.PLAIN_JSON}
        )


def test_nothing_that_one_format_measures_is_lost_to_another() -> None:
    """Smoke that is measured is not left out because a battery is known elsewhere too."""
    reading = reading_of(
        recognition.decode, written({"smoke": False, "optical_density": 0.3, "battery": 9})
    )

    assert (reading.optical_density, reading.battery) == (0.3, 9)


@pytest.mark.parametrize(
    ("expected", "payload"),
    [
        ("not_recognised", b""),
        ("not_recognised", b"\xff\xff\xff"),
        ("not_recognised", written({"humidity": 50})),
        ("not_recognised", written({"linkquality": 40})),
        ("not_recognised", written({"1/47/12": 200})),
        ("not_recognised", written(other_event(devAddr="00189440"))),
        ("not_recognised", written([])),
        ("too_large", bytes(INGESTION.max_bytes + 1)),
        ("bad_unit", written([{"n": "smoke", "v": 350}])),
        ("bad_value", written({"smoke": 350})),
        ("bad_checksum", written(event(b"\x22\x11\x64\x00\x1c\x00"))),
        (
            "no_time",
            pb.ReadingBatch(device_id=DEVICE, readings=[pb.Reading()]).SerializeToString(),
        ),
    ],
)
def test_what_is_refused_says_why(expected: str, payload: bytes) -> None:
    """By the format that it seems to be of, if any."""
    assert reason_of(recognition.decode, payload) == expected


def test_a_subject_that_names_no_device_is_refused() -> None:
    """Whatever the payload."""
    for payload in SMOKING.values():
        assert (
            reason_of(recognition.decode, payload, "ward.11002.device.a b.up") == "bad_device_id"
        )


def test_a_decoder_that_fails_makes_a_message_undecodable() -> None:
    """A mistake of ours goes to the dead letters; the lanes go on."""
    with pytest.raises(InvalidMessageError, match="undecodable"):
        read(broken.decode, SUBJECT, b"ok", NOW, INGESTION)

    assert read(broken.decode, SUBJECT, b"good", NOW, INGESTION).readings


@given(st.sampled_from(list(SMOKING.values())), st.data())
@settings(max_examples=150)
def test_flipped_bytes_are_read_or_refused(payload: bytes, data: Any) -> None:
    """By each decoder and by recognition."""
    changed = bytearray(payload)
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=4)):
        changed[place] = data.draw(st.integers(0, 255))

    for decode in (recognition.decode, *map(decoder_of, PayloadFormat)):
        check(outcome_of(decode, bytes(changed)))
