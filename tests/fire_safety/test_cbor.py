"""The little CBOR that SenML needs: vectors of RFC 8949, another library's writing, and what is refused."""

import math
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidMessageError
from fire_safety.decoders import cbor, senml_cbor
from fuzz.expectation import check, outcome_of
from tests.fire_safety.decoding import reason_of
from tests.fire_safety.limits import INGESTION


def refusal(payload: bytes) -> str:
    """Tell why bytes are refused."""
    with pytest.raises(InvalidMessageError) as refused:
        cbor.read(payload)
    return refused.value.reason


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1bffffffffffffffff", 18446744073709551615),
        ("3bffffffffffffffff", -18446744073709551616),
        ("3863", -100),
        ("f93c00", 1.0),
        ("f9c400", -4.0),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("f97c00", math.inf),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("c48221196ab3", 273.15),
        ("4401020304", b"\x01\x02\x03\x04"),
        ("62c3bc", "\u00fc"),
        ("8301820203820405", [1, [2, 3], [4, 5]]),
        ("a201020304", {1: 2, 3: 4}),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ],
)
def test_what_the_standard_writes_is_read(written: str, expected: Any) -> None:
    """RFC 8949 appendix A."""
    assert cbor.read(bytes.fromhex(written)) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", "not_cbor"),
        ("0000", "not_cbor"),
        ("19", "not_cbor"),
        ("1c", "not_cbor"),
        ("9f01ff", "not_cbor"),
        ("bf6161019fffff", "not_cbor"),
        ("7f657374726561646d696e67ff", "not_cbor"),
        ("61ff", "not_cbor"),
        ("f7", "not_cbor"),
        ("f8ff", "not_cbor"),
        ("c249010000000000000000", "not_cbor"),
        ("c074323031332d30332d32315432303a30343a30305a", "not_cbor"),
        ("d818456449455446", "not_cbor"),
        ("d81c81d81d00", "not_cbor"),
        ("c4821b00000000000f42401b0000000000000001", "not_cbor"),
        ("c40a", "not_cbor"),
        # Found by fuzzing: a truth value is an integer to Python.
        ("c48222f5", "not_cbor"),
        ("c482f501", "not_cbor"),
        ("a1f501", "not_cbor"),
        ("a1fb3ff199999999999a01", "not_cbor"),
        ("a1820102f6", "not_cbor"),
        ("a201020103", "duplicate_key"),
        ("9b7fffffffffffffff", "not_cbor"),
        ("5b7fffffffffffffff00", "not_cbor"),
        ("bb7fffffffffffffff", "not_cbor"),
        ("81" * 100_000, "not_cbor"),
        ("c4" * 100_000, "not_cbor"),
    ],
)
def test_what_senml_does_not_need_is_refused(written: str, expected: str) -> None:
    """Tags, endless and unending things, keys of other types, and lengths of what is not there."""
    assert refusal(bytes.fromhex(written)) == expected


flat = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
nested = st.lists(flat | st.lists(flat) | st.dictionaries(st.text() | st.integers(-9, 99), flat))


@given(nested)
@settings(max_examples=200)
def test_what_another_library_writes_is_read_as_it_was_meant(value: Any) -> None:
    """Round trip of everything that a pack may hold."""
    assert cbor.read(cbor2.dumps(value)) == value


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_noise_is_refused_with_a_known_reason(noise: bytes) -> None:
    """No bytes do anything else."""
    check(outcome_of(senml_cbor.decode, noise))


def test_a_payload_that_is_too_large_is_not_looked_at() -> None:
    """Size first."""
    assert reason_of(senml_cbor.decode, bytes(INGESTION.max_bytes + 1)) == "too_large"


def test_a_label_twice_is_refused_in_either_writing() -> None:
    """As a number and as the text that it stands for."""
    assert reason_of(senml_cbor.decode, cbor2.dumps([{0: "smoke", "n": "co", 4: True}])) == (
        "duplicate_key"
    )
