"""JSON of simple sensors: what is read, what is refused and why."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.decoders.plain_json import decode
from fire_safety.decoders.vocabulary import CONDITIONS
from fire_safety.domain.readings.reading import Condition, Reading
from fuzz.expectation import DEVICE, NOW, check, outcome_of
from tests.fire_safety.decoding import HOSTILE_JSON, reading_of, reason_of, written


def test_a_full_reading_is_read() -> None:
    """Every field, in its unit; nulls and other fields say nothing."""
    payload = written(
        {
            "device_id": DEVICE,
            "time": NOW - 5,
            "sequence": 77,
            "optical_density": 0.25,
            "temperature": 30.5,
            "carbon_monoxide": 12,
            "battery": 87,
            "test": True,
            "low_battery": True,
            "fault": False,
            "tamper": None,
            "firmware": {"version": [1, 2]},
        }
    )

    assert reading_of(decode, payload) == Reading(
        NOW - 5, NOW, 0.25, 30.5, 87, Condition.TEST | Condition.LOW_BATTERY, 12, 77
    )


def test_without_a_clock_it_is_observed_when_it_is_received() -> None:
    """By the broker."""
    assert reading_of(decode, b'{"smoke": true}') == Reading(
        NOW, NOW, conditions=Condition.SMOKE_ALARM.value
    )


@pytest.mark.parametrize(
    "time",
    ["2026-09-21T14:13:20Z", "2026-09-21T21:13:20.000+07:00", NOW, float(NOW)],
)
def test_times_are_iso_8601_or_milliseconds(time: Any) -> None:
    """The same moment each."""
    assert reading_of(decode, written({"time": time, "temperature": 20})).observed_ms == NOW


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("optical_density", 0.05, 0.05),
        ("smoke_db_per_m", 0.5, 0.05),
        ("smoke_percent_per_m", 10.87, 0.05),
        ("smoke_percent_per_m", 100, 4),
    ],
)
def test_smoke_is_brought_to_optical_density(field: str, value: float, expected: float) -> None:
    """DOMAIN: 0.05 m⁻¹ is 0.5 dB/m and 10.87 %/m; a meter at its end shows 4 m⁻¹."""
    density = reading_of(decode, written({field: value})).optical_density

    assert density == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("name", "condition"), CONDITIONS.items())
def test_each_condition_is_known_by_its_name(name: str, condition: Condition) -> None:
    """True is declared, false is not; carbon monoxide is an alarm if it is true and ppm if it is a number."""
    assert reading_of(decode, written({name: True})).conditions == condition
    assert reading_of(decode, written({name: False})).conditions == 0


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("not_object", []),
        ("not_object", [{"smoke": True}]),
        ("not_object", 5),
        ("empty", {}),
        ("empty", {"humidity": 50}),
        ("empty", {"smoke": None}),
        ("wrong_device", {"device_id": "CS0001-D02", "smoke": True}),
        ("wrong_device", {"device_id": 5, "smoke": True}),
        ("ambiguous", {"optical_density": 0.1, "smoke_db_per_m": 1}),
        ("ambiguous", {"co": 1, "carbon_monoxide": 2}),
        ("bad_value", {"smoke": 350}),
        ("bad_value", {"smoke": "true"}),
        ("bad_value", {"smoke": 1}),
        ("bad_value", {"temperature": "20"}),
        ("bad_value", {"temperature": True}),
        ("bad_value", {"battery": [87]}),
        ("bad_value", {"smoke": True, "sequence": 1.5}),
        ("bad_value", {"smoke": True, "sequence": True}),
        ("bad_value", {"smoke": True, "time": True}),
        ("bad_value", {"smoke": True, "time": {}}),
        ("bad_time", {"smoke": True, "time": "yesterday"}),
        ("bad_time", {"smoke": True, "time": "2026-09-21T14:13:20"}),
        ("ancient_time", {"smoke": False, "time": "0001-01-01T00:00:00+23:59"}),
        ("ancient_time", {"smoke": False, "time": NOW / 1000}),
        ("ancient_time", {"smoke": False, "time": -1e308}),
        ("future_time", {"smoke": False, "time": NOW + 13 * 3600_000}),
        ("future_time", {"smoke": False, "time": "9999-12-31T23:59:59Z"}),
        ("not_finite", {"smoke": True, "time": 10**400}),
        ("not_finite", {"temperature": 10**400}),
        ("out_of_range", {"temperature": 1501}),
        ("out_of_range", {"optical_density": -1}),
        ("out_of_range", {"smoke_percent_per_m": 101}),
        ("out_of_range", {"co": 100_001}),
        ("out_of_range", {"battery": 101}),
        ("out_of_range", {"fault": True, "sequence": 2**63}),
        ("out_of_range", {"fault": True, "sequence": -1}),
    ],
)
def test_what_is_refused_says_why(expected: str, fields: Any) -> None:
    """One reason each."""
    assert reason_of(decode, written(fields)) == expected


@pytest.mark.parametrize(("expected", "payload"), HOSTILE_JSON)
def test_hostile_json_is_refused(expected: str, payload: bytes) -> None:
    """A list is no object, whatever else it holds."""
    assert reason_of(decode, payload) == expected


names = st.sampled_from(
    ["time", "sequence", "optical_density", "temperature", "battery", "device_id", *CONDITIONS]
)
values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(NOW - 10**6, NOW)
    | st.floats()
    | st.text(max_size=5)
    | st.just([{}])
)


@given(st.dictionaries(names, values, max_size=8))
@settings(max_examples=200)
def test_any_object_is_read_or_refused(fields: dict[str, Any]) -> None:
    """And what is read keeps the limits."""
    check(outcome_of(decode, written(fields)))
