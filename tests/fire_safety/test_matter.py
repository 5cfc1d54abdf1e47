"""Matter Smoke CO Alarm attributes: what each value means, however it is keyed, and what is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.decoders.matter import decode
from fire_safety.domain.readings.reading import Condition, Reading
from fuzz.expectation import NOW, SUBJECT, check, outcome_of
from tests.fire_safety.decoding import HOSTILE_JSON, reading_of, reason_of, written
from tests.fire_safety.limits import INGESTION

NORMAL = {"SmokeState": 0, "COState": 0}
MATTER_EPOCH_S = 946_684_800
FAULT_AND_MUTED = Condition.FAULT | Condition.MUTED
# What the expressed state has a value for, warnings as alarms: nothing of muted, contamination, tamper or mains.
EXPRESSED = (
    Condition.SMOKE_WARNING
    | Condition.SMOKE_ALARM
    | Condition.CO_WARNING
    | Condition.CO_ALARM
    | Condition.LOW_BATTERY
    | Condition.TEST
    | Condition.FAULT
    | Condition.END_OF_LIFE
    | Condition.INTERCONNECT
)


def conditions(**attributes: Any) -> int:
    """Read the conditions of a device that is otherwise normal."""
    return reading_of(decode, written(NORMAL | attributes)).conditions


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("SmokeState", 1, Condition.SMOKE_WARNING),
        ("SmokeState", 2, Condition.SMOKE_ALARM),
        ("COState", 1, Condition.CO_WARNING),
        ("COState", 2, Condition.CO_ALARM),
        ("BatteryAlert", 0, 0),
        ("BatteryAlert", 1, Condition.LOW_BATTERY),
        ("BatteryAlert", 2, Condition.LOW_BATTERY),
        ("DeviceMuted", 1, Condition.MUTED),
        ("TestInProgress", True, Condition.TEST),
        ("TestInProgress", False, 0),
        ("HardwareFaultAlert", True, Condition.FAULT),
        ("EndOfServiceAlert", 1, Condition.END_OF_LIFE),
        ("InterconnectSmokeAlarm", 1, Condition.INTERCONNECT),
        ("InterconnectSmokeAlarm", 2, Condition.INTERCONNECT),
        ("InterconnectCOAlarm", 2, Condition.INTERCONNECT),
        ("ContaminationState", 1, 0),
        ("ContaminationState", 2, Condition.CONTAMINATION),
        ("ContaminationState", 3, Condition.CONTAMINATION),
        ("SmokeSensitivityLevel", 2, 0),
        ("ExpiryDate", NOW // 1000 - MATTER_EPOCH_S + 1, 0),
        ("ExpiryDate", NOW // 1000 - MATTER_EPOCH_S, Condition.END_OF_LIFE),
        ("ExpiryDate", 0, 0),
    ],
)
def test_each_value_has_its_meaning(attribute: str, value: Any, expected: int) -> None:
    """The cluster's own numbers."""
    assert conditions(**{attribute: value}) == expected


@pytest.mark.parametrize(
    ("expressed", "expected"),
    [
        (0, 0),
        (1, Condition.SMOKE_ALARM),
        (2, Condition.CO_ALARM),
        (3, Condition.LOW_BATTERY),
        (4, Condition.TEST),
        (5, Condition.FAULT),
        (6, Condition.END_OF_LIFE),
        (7, Condition.INTERCONNECT),
        (8, Condition.INTERCONNECT),
    ],
)
def test_the_expressed_state_alone_is_taken_at_its_word(expressed: int, expected: int) -> None:
    """A device that tells nothing else."""
    assert reading_of(decode, written({"ExpressedState": expressed})) == Reading(
        NOW, NOW, conditions=expected
    )


def test_the_expressed_state_makes_no_alarm_of_a_warning() -> None:
    """It is the same for both; the state itself tells which."""
    assert conditions(ExpressedState=1, SmokeState=1) == Condition.SMOKE_WARNING


def test_an_expressed_state_of_a_newer_device_hides_nothing() -> None:
    """What is reported beside it is taken; by itself it speaks of nothing (below)."""
    assert conditions(ExpressedState=9, SmokeState=2) == Condition.SMOKE_ALARM


def test_the_expressed_state_is_held_against_the_attribute_of_the_same_meaning() -> None:
    """Their numbers differ from testing on: that a device is not muted does not unsay that it is tested."""
    assert conditions(ExpressedState=4, DeviceMuted=0) == Condition.TEST
    assert conditions(ExpressedState=5, TestInProgress=0) == Condition.FAULT


@pytest.mark.parametrize(
    "key", ["SmokeState", "smokeState", "smokestate", "0x01", "0x0001", "0X1", "1", "1/92/1"]
)
def test_attributes_are_known_by_name_id_or_path(key: str) -> None:
    """As controllers publish them."""
    assert reading_of(decode, written({key: 2})).conditions == Condition.SMOKE_ALARM


def test_alarm_and_low_battery_come_together() -> None:
    """And a muted alarm is one."""
    assert conditions(SmokeState=2, BatteryAlert=1, DeviceMuted=1) == (
        Condition.SMOKE_ALARM | Condition.LOW_BATTERY | Condition.MUTED
    )


def test_other_attributes_and_clusters_say_nothing() -> None:
    """Whatever they hold."""
    assert conditions(**{"1/29/0": [1, 2], "65532": 3, "FeatureMap": None, "1/47/12": 200}) == 0


@pytest.mark.parametrize(
    ("attributes", "told", "declared"),
    [
        ({"SmokeState": 0}, Condition.SMOKE_WARNING | Condition.SMOKE_ALARM, 0),
        ({"1/92/2": 2}, Condition.CO_WARNING | Condition.CO_ALARM, Condition.CO_ALARM),
        ({"BatteryAlert": 1}, Condition.LOW_BATTERY, Condition.LOW_BATTERY),
        ({"0x05": False, "0x06": True}, Condition.TEST | Condition.FAULT, Condition.FAULT),
        ({"ExpiryDate": 1}, Condition.END_OF_LIFE, Condition.END_OF_LIFE),
        ({"ExpiryDate": NOW // 1000}, 0, 0),
        ({"ExpressedState": 0}, EXPRESSED, 0),
        ({"ExpressedState": 2}, Condition.CO_ALARM, Condition.CO_ALARM),
        ({"ExpressedState": 9}, 0, 0),
        ({"ExpressedState": 5, "DeviceMuted": 1}, FAULT_AND_MUTED, FAULT_AND_MUTED),
        ({"SmokeSensitivityLevel": 2}, 0, 0),
        ({"1/47/12": 200}, 0, 0),
        ({"2/91/1": 2}, 0, 0),
    ],
)
def test_a_report_speaks_of_the_attributes_it_holds(
    attributes: dict[str, Any], told: int, declared: int
) -> None:
    """A report of one attribute says nothing of the others; what says nothing here is a sign of life.

    What is expressed hides what is less urgent, and only that all is normal speaks of more than itself.
    """
    batch = decode(SUBJECT, written(attributes), NOW, INGESTION)

    assert (batch.told, batch.readings) == (told, [Reading(NOW, NOW, conditions=declared)])


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("not_object", [NORMAL]),
        ("empty", {}),
        ("empty", {"SmokeState": None}),
        ("empty", {"smoke": True, "linkquality": 40}),
        ("empty", {"65532": 3}),
        ("ambiguous", {"SmokeState": 0, "0x01": 2}),
        ("ambiguous", {"1/92/1": 0, "2/92/1": 2}),
        ("bad_value", {"SmokeState": 3}),
        ("bad_value", {"SmokeState": -1}),
        ("bad_value", {"SmokeState": "2"}),
        ("bad_value", {"SmokeState": 2.0}),
        ("bad_value", {"ExpressedState": -1}),
        ("bad_value", {"ExpressedState": 256}),
        ("bad_value", NORMAL | {"DeviceMuted": [1]}),
        ("bad_value", NORMAL | {"ExpiryDate": "2030-01-01"}),
    ],
)
def test_what_is_refused_says_why(expected: str, fields: Any) -> None:
    """A message of another format must not pass for a report that says nothing."""
    assert reason_of(decode, written(fields)) == expected


@pytest.mark.parametrize(("expected", "payload"), HOSTILE_JSON)
def test_hostile_json_is_refused(expected: str, payload: bytes) -> None:
    """Before anything else looks at it."""
    assert reason_of(decode, payload) == expected


keys = st.sampled_from(["ExpressedState", "SmokeState", "COState", "ExpiryDate", "0x0A", "3", "x"])


@given(st.dictionaries(keys, st.none() | st.booleans() | st.integers(-(2**70), 9) | st.floats()))
@settings(max_examples=150)
def test_any_object_is_read_or_refused(fields: dict[str, Any]) -> None:
    """And what is read keeps the limits."""
    check(outcome_of(decode, written(fields)))
