"""Zigbee IAS Zone as zigbee2mqtt publishes it: truth values, raw bits, what is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.decoders.zigbee_ias import decode
from fire_safety.domain.readings.reading import EVERY_CONDITION, Condition, Reading
from fuzz.expectation import NOW, SUBJECT, check, outcome_of
from tests.fire_safety.decoding import HOSTILE_JSON, reading_of, reason_of, written
from tests.fire_safety.limits import INGESTION

# What the converter of IAS smoke alarms gives, with what zigbee2mqtt adds.
QUIET = {
    "smoke": False,
    "tamper": False,
    "battery_low": False,
    "supervision_reports": True,
    "restore_reports": True,
    "trouble": False,
    "ac_status": False,
    "test": False,
    "battery_defect": False,
    "battery": 78.5,
    "temperature": 24.25,
    "linkquality": 55,
    "device_temperature": None,
}


def test_a_quiet_detector_is_read() -> None:
    """Reports of supervision and restoring say nothing of its state."""
    assert reading_of(decode, written(QUIET)) == Reading(NOW, NOW, None, 24.25, 78.5, 0)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("smoke", Condition.SMOKE_ALARM),
        ("carbon_monoxide", Condition.CO_ALARM),
        ("tamper", Condition.TAMPER),
        ("battery_low", Condition.LOW_BATTERY),
        ("battery_defect", Condition.LOW_BATTERY),
        ("trouble", Condition.FAULT),
        ("ac_status", Condition.MAINS_FAULT),
        ("test", Condition.TEST),
        ("silence", Condition.MUTED),
    ],
)
def test_each_truth_value_has_its_meaning(name: str, condition: Condition) -> None:
    """As the bits of ZoneStatus have."""
    assert reading_of(decode, written(QUIET | {name: True})).conditions == condition


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        (1 << 0, Condition.SMOKE_ALARM),
        (1 << 1, 0),
        (1 << 2, Condition.TAMPER),
        (1 << 3, Condition.LOW_BATTERY),
        (1 << 4 | 1 << 5, 0),
        (1 << 6, Condition.FAULT),
        (1 << 7, Condition.MAINS_FAULT),
        (1 << 8, Condition.TEST),
        (1 << 3 | 1 << 9, Condition.LOW_BATTERY),
        (1 << 0 | 1 << 3, Condition.SMOKE_ALARM | Condition.LOW_BATTERY),
        (
            0xFFFF,
            Condition.SMOKE_ALARM
            | Condition.TAMPER
            | Condition.LOW_BATTERY
            | Condition.FAULT
            | Condition.MAINS_FAULT
            | Condition.TEST,
        ),
    ],
)
def test_each_bit_of_zone_status_has_its_meaning(status: int, condition: int) -> None:
    """Alarm and low battery can come together."""
    assert reading_of(decode, written({"zonestatus": status})).conditions == condition


@pytest.mark.parametrize(
    ("zone_type", "expected"),
    [
        (0x28, Condition.SMOKE_ALARM | Condition.TAMPER),
        (0x2B, Condition.CO_ALARM | Condition.TAMPER),
        (None, Condition.SMOKE_ALARM | Condition.TAMPER),
        (0x0D, Condition.TAMPER),
    ],
)
def test_an_alarm_is_of_the_zones_type(zone_type: int | None, expected: int) -> None:
    """One of an unknown type is smoke; what moves or leaks is no fire."""
    fields = {"zonestatus": 0b101, "zonetype": zone_type}

    assert reading_of(decode, written(fields)).conditions == expected


@pytest.mark.parametrize(
    ("fields", "expected", "told"),
    [
        ({"linkquality": 40}, Reading(NOW, NOW), 0),
        ({"battery": 90, "linkquality": 40}, Reading(NOW, NOW, battery=90), 0),
        ({"temperature": 21.5, "last_seen": NOW - 7}, Reading(NOW - 7, NOW, temperature=21.5), 0),
        (
            {"tamper": True, "battery_low": False, "linkquality": 40},
            Reading(NOW, NOW, conditions=Condition.TAMPER.value),
            Condition.TAMPER | Condition.LOW_BATTERY,
        ),
        (QUIET, Reading(NOW, NOW, None, 24.25, 78.5, 0), EVERY_CONDITION),
        ({"zonestatus": 0}, Reading(NOW, NOW), EVERY_CONDITION),
    ],
)
def test_an_update_speaks_of_what_it_mentions(
    fields: dict[str, Any], expected: Reading, told: int
) -> None:
    """Without smoke, CO or the zone's status it says nothing of them: not that an alarm ended, either."""
    batch = decode(SUBJECT, written(fields), NOW, INGESTION)

    assert (batch.readings, batch.told) == ([expected], told)


@pytest.mark.parametrize("seen", ["2026-09-21T14:13:17Z", "2026-09-21T21:13:17+07:00", NOW - 3000])
def test_observed_is_when_the_device_was_last_heard(seen: Any) -> None:
    """Where zigbee2mqtt is told to publish it."""
    assert reading_of(decode, written(QUIET | {"last_seen": seen})).observed_ms == NOW - 3000


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("not_object", [QUIET]),
        ("empty", {}),
        ("empty", {"battery": 90}),
        ("empty", {"smoke": None, "battery": 90}),
        ("empty", {"optical_density": 0.3, "tamper": True}),
        ("bad_value", {"linkquality": 40, "tamper": "ON"}),
        ("future_time", {"last_seen": "2126-09-21T14:13:17Z"}),
        ("ambiguous", {"zonestatus": 1, "zoneStatus": 0}),
        ("bad_value", QUIET | {"smoke": "ON"}),
        ("bad_value", QUIET | {"smoke": 1}),
        ("bad_value", QUIET | {"battery": True}),
        ("bad_value", {"zonestatus": True}),
        ("bad_value", {"zonestatus": 1.0}),
        ("bad_value", {"zonestatus": -1}),
        ("bad_value", {"zonestatus": 1 << 16}),
        ("bad_time", QUIET | {"last_seen": "now"}),
        ("ancient_time", QUIET | {"last_seen": "1970-01-01T00:00:00Z"}),
        ("out_of_range", QUIET | {"battery": 255}),
        ("out_of_range", QUIET | {"temperature": -327.68}),
    ],
)
def test_what_is_refused_says_why(expected: str, fields: Any) -> None:
    """What zigbee2mqtt marks as its own may be an update; another format's message must not pass for one."""
    assert reason_of(decode, written(fields)) == expected


@pytest.mark.parametrize(("expected", "payload"), HOSTILE_JSON)
def test_hostile_json_is_refused(expected: str, payload: bytes) -> None:
    """Before anything else looks at it."""
    assert reason_of(decode, payload) == expected


keys = st.sampled_from([*QUIET, "zonestatus", "zonetype", "last_seen"])
values = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text()


@given(st.dictionaries(keys, values))
@settings(max_examples=150)
def test_any_object_is_read_or_refused(fields: dict[str, Any]) -> None:
    """And what is read keeps the limits."""
    check(outcome_of(decode, written(fields)))
