"""ChirpStack uplinks with frames of a Milesight GS524N: the vendor's vector, each message type, what is refused."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fire_safety.decoders.chirpstack_gs524n import decode
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.readings.reading import EVERY_CONDITION, Condition, Reading
from fuzz.expectation import DEVICE, NOW, SUBJECT, check, outcome_of
from tests.fire_safety.decoding import HOSTILE_JSON, reading_of, reason_of, written
from tests.fire_safety.gs524n import EUI, VENDORS_VECTOR, event, frame, other_event
from tests.fire_safety.limits import INGESTION, MAINS, PROFILE


def test_the_vendors_vector_is_a_test_with_a_good_battery() -> None:
    """Observed when the network server heard it; the concentration is no optical density."""
    assert reading_of(decode, written(event())) == Reading(
        NOW - 2877, NOW, None, 28, 100, Condition.TEST.value
    )


@pytest.mark.parametrize(
    ("message", "conditions"),
    [
        (1, Condition.SMOKE_ALARM),
        (2, Condition.SMOKE_ALARM | Condition.MUTED),
        (4, Condition.LOW_BATTERY),
        (5, Condition.FAULT),
        (7, 0),
        (10, Condition.TAMPER),
        (11, 0),
        (14, Condition.TEST),
        (15, Condition.TEST | Condition.LOW_BATTERY),
    ],
)
def test_each_message_type_has_its_meaning(message: int, conditions: int) -> None:
    """Muted is not normal, and a test is not an alarm."""
    reading = reading_of(decode, written(event(frame(message))))

    assert (reading.conditions, reading.battery, reading.temperature) == (conditions, 95, 28)


@pytest.mark.parametrize("message", [4, 5, 10, 11, 14, 15])
def test_only_its_normal_says_that_there_is_no_smoke(message: int) -> None:
    """A detector that burns may report its battery, its failure, or that it was torn off."""
    device = replace(MAINS, device_id=DEVICE)
    ward = Ward([PROFILE], {}, NOW)
    ward.register([device], NOW)

    def sent(kind: int, after_s: int) -> list[tuple[AlarmKind, bool]]:
        at = NOW + after_s * 1000
        batch = decode(SUBJECT, written(event(frame(kind), time=None)), at, INGESTION)
        return [(one.kind, one.raised) for one in ward.take(batch) if not one.suppressed]

    assert sent(1, 0) == [(AlarmKind.SMOKE, True)]
    assert (AlarmKind.SMOKE, False) not in sent(message, 10)
    assert (AlarmKind.SMOKE, False) in sent(7, 20)


def test_what_came_to_hold_ends_by_what_denies_it() -> None:
    """Put up again it was not torn off any more; it is not muted when it sounds; a good test knows its battery."""
    told = {
        kind: decode(SUBJECT, written(event(frame(kind))), NOW, INGESTION).told
        for kind in (1, 7, 11, 14)
    }

    assert told[7] == EVERY_CONDITION
    assert told[1] & Condition.MUTED
    assert told[11] & Condition.TAMPER
    assert told[14] & Condition.LOW_BATTERY
    assert all(one & Condition.TEST for one in told.values())


def test_the_temperature_has_a_sign() -> None:
    """From 20 degrees below zero."""
    assert reading_of(decode, written(event(frame(7, temperature=-20)))).temperature == -20


def test_without_a_time_it_is_observed_when_it_is_received() -> None:
    """By the broker."""
    assert reading_of(decode, written(event(time=None))).observed_ms == NOW


@pytest.mark.parametrize(
    "info",
    [
        {"devEui": DEVICE},
        {"devEui": EUI, "deviceName": DEVICE},
        {"devEui": EUI, "deviceName": DEVICE.lower()},
        {"devEui": EUI, "tags": {"device_id": DEVICE}},
    ],
)
def test_the_device_is_known_by_its_eui_its_name_or_its_tag(info: dict[str, Any]) -> None:
    """Whichever the register uses."""
    assert reading_of(decode, written(event(deviceInfo=info))).conditions == Condition.TEST


def test_an_eui_on_the_register_needs_nothing_else() -> None:
    """In either case of its letters."""
    payload = written(event(frame(1), deviceInfo={"devEui": EUI}))
    batch = decode(SUBJECT.replace(DEVICE, EUI.upper()), payload, NOW, INGESTION)

    assert batch.device_id == EUI.upper()
    assert batch.readings[0].conditions == Condition.SMOKE_ALARM


@pytest.mark.parametrize(
    ("fields", "battery"),
    [
        (other_event(devAddr="00189440"), None),
        (other_event(margin=7, batteryLevel=90.5), 90.5),
        (other_event(margin=7, batteryLevel=0, externalPowerSource=True), None),
        (other_event(margin=7, batteryLevel=0, batteryLevelUnavailable=True), None),
        (other_event(queueItemId="x", acknowledged=True, fCntDown=3), None),
        (event(b"", fPort=0), None),
    ],
)
def test_what_a_detector_sends_without_a_frame_is_a_sign_of_life(
    fields: dict[str, Any], battery: float | None
) -> None:
    """Joins, statuses, confirmed commands and empty frames say that it lives, and nothing of smoke."""
    batch = decode(SUBJECT, written(fields), NOW, INGESTION)

    assert (batch.told, batch.readings) == (0, [Reading(NOW - 2877, NOW, battery=battery)])


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("not_object", []),
        ("not_uplink", {}),
        ("not_uplink", other_event(level="ERROR", code="UPLINK_MIC")),
        ("not_uplink", other_event(queueItemId="x", acknowledged=False, fCntDown=3)),
        ("not_uplink", other_event(downlinkId=7, queueItemId="x", gatewayId="0016c001f153a14c")),
        ("not_uplink", other_event(location={"latitude": 20.8, "longitude": 106.7})),
        ("not_uplink", other_event(integrationName="x", eventType="y", object={"margin": 1})),
        ("not_uplink", other_event(devAddr="00189440", deviceInfo=None)),
        ("not_uplink", event(deviceInfo=None)),
        ("wrong_device", other_event(devAddr="00189440", deviceInfo={"devEui": "x"})),
        ("future_time", other_event(devAddr="00189440", time="2126-09-21T14:13:17Z")),
        ("bad_value", other_event(margin=7, batteryLevel="full")),
        ("out_of_range", other_event(margin=7, batteryLevel=101)),
        ("wrong_device", event(deviceInfo={"devEui": "24e124785d132014"})),
        ("wrong_device", event(deviceInfo={})),
        ("wrong_device", event(deviceInfo={"devEui": 7, "tags": [DEVICE]})),
        ("bad_value", event(deviceInfo="x")),
        ("bad_value", event() | {"data": 7}),
        ("bad_value", event(time=7)),
        ("bad_time", event(time="yesterday")),
        ("future_time", event(time="2126-09-21T14:13:17Z")),
        ("ancient_time", event(time="1970-01-01T00:00:00Z")),
        ("bad_frame", event(VENDORS_VECTOR[:5])),
        ("bad_frame", event(VENDORS_VECTOR + b"\x00")),
        ("bad_frame", event() | {"data": "!!!"}),
        ("bad_frame", event() | {"data": "\u00fc"}),
        ("bad_frame", event(frame(3))),
        ("bad_frame", event(frame(1, sensor=2))),
        ("bad_checksum", event(bytes.fromhex("221E64001C41"))),
        ("out_of_range", event(frame(7, battery=101))),
        ("out_of_range", event(frame(7, temperature=-61))),
    ],
)
def test_what_is_refused_says_why(expected: str, fields: Any) -> None:
    """One reason each: what the network server tells of itself was sent by no detector."""
    assert reason_of(decode, written(fields)) == expected


@pytest.mark.parametrize(("expected", "payload"), HOSTILE_JSON)
def test_hostile_json_is_refused(expected: str, payload: bytes) -> None:
    """Before anything else looks at it."""
    assert reason_of(decode, payload) == expected


@given(st.binary(min_size=5, max_size=5))
@settings(max_examples=150)
def test_any_frame_with_a_good_checksum_is_read_or_refused(head: bytes) -> None:
    """And what is read keeps the limits."""
    check(outcome_of(decode, written(event(bytes([*head, -sum(head) % 256])))))


@given(st.integers(0, 5), st.integers(1, 255))
def test_a_frame_with_one_wrong_byte_is_refused(place: int, change: int) -> None:
    """That is what the checksum is for."""
    wrong = bytearray(VENDORS_VECTOR)
    wrong[place] = (wrong[place] + change) % 256

    assert reason_of(decode, written(event(bytes(wrong)))) == "bad_checksum"
