"""Decoding in tests: the moment and the device, and what becomes of a payload."""

import json
from collections.abc import Sequence

import pytest

from chassis.errors import InvalidMessageError
from fire_safety.decoders.registry import Decode
from fire_safety.domain.readings.reading import Reading
from fuzz.expectation import NOW, SUBJECT
from tests.fire_safety.limits import INGESTION

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
