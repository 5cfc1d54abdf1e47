"""Decoding in tests: the moment and the device, and what becomes of a payload."""

import json
from collections.abc import Sequence

import pytest

from chassis.errors import InvalidMessageError
from fire_safety.decoders.registry import Decode
from fire_safety.domain.readings import Batch, Reading
from tests.fire_safety.limits import INGESTION

NOW = 1_790_000_000_000
DEVICE = "CS0001-D01"
SUBJECT = f"ward.11002.device.{DEVICE}.up"

# All reasons that any decoder gives: they become headers and metric labels, so there are no others.
REASONS = {
    "ambiguous",
    "ancient_time",
    "bad_checksum",
    "bad_device_id",
    "bad_frame",
    "bad_name",
    "bad_time",
    "bad_unit",
    "bad_value",
    "bad_version",
    "duplicate_key",
    "empty",
    "future_time",
    "must_understand",
    "no_time",
    "not_cbor",
    "not_finite",
    "not_json",
    "not_object",
    "not_protobuf",
    "not_recognised",
    "not_senml",
    "not_uplink",
    "out_of_range",
    "too_large",
    "too_many_readings",
    "wrong_device",
}

# What no format of JSON may believe, and what any decoder says of it.
HOSTILE_JSON: Sequence[tuple[str, bytes]] = [
    ("not_json", b""),
    ("not_json", b"\xff\xfe{}"),
    ("not_json", b"\xef\xbb\xbf{}"),
    ("not_json", b"{"),
    ("not_json", b"[" * 200_000),
    ("not_json", b'{"a":' * 40_000),
    ("not_json", b'{"battery":' + b"9" * 5_000 + b"}"),
    ("not_finite", b'{"battery":NaN}'),
    ("not_finite", b'[{"n":"battery","v":Infinity}]'),
    ("duplicate_key", b'{"smoke":true,"smoke":false}'),
    ("duplicate_key", b'[{"n":"smoke","n":"co","vb":false}]'),
    ("too_large", b" " * (INGESTION.max_bytes + 1)),
]


def written(document: object) -> bytes:
    """Write a document as JSON."""
    return json.dumps(document).encode()


def reading_of(decode: Decode, payload: bytes, now: int = NOW) -> Reading:
    """Read a payload that holds one reading, received now."""
    (reading,) = decode(SUBJECT, payload, now, INGESTION).readings
    return reading


def reason_of(decode: Decode, payload: bytes, subject: str = SUBJECT) -> str:
    """Tell why a payload is refused."""
    with pytest.raises(InvalidMessageError) as refused:
        decode(subject, payload, NOW, INGESTION)
    return refused.value.reason


def outcome_of(decode: Decode, payload: bytes) -> Batch | str:
    """Read a payload, or tell why it is refused."""
    try:
        return decode(SUBJECT, payload, NOW, INGESTION)
    except InvalidMessageError as error:
        return error.reason


def assert_believable(outcome: Batch | str) -> None:
    """Make sure that a payload was refused for a known reason, or gave what the limits allow."""
    if isinstance(outcome, str):
        assert outcome in REASONS
        return
    assert outcome.device_id == DEVICE
    assert 0 < len(outcome.readings) <= INGESTION.max_readings
    times = [one.observed_ms for one in outcome.readings]
    assert times == sorted(times)
    assert NOW - INGESTION.ancient_s * 1000 <= times[0]
    assert times[-1] <= NOW + INGESTION.future_s * 1000
    for one in outcome.readings:
        assert one.received_ms == NOW
        assert -0.02 <= (one.optical_density or 0) <= 100
        assert -60 <= (one.temperature or 0) <= 1500
        assert 0 <= (one.battery or 0) <= 100
        assert 0 <= (one.carbon_monoxide or 0) <= 100_000
        assert 0 <= (one.sequence or 0) < 2**63
        assert 0 <= one.conditions < 2**32
