"""Reading the events of other services, with plain bytes."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from chassis.broker.messages import Envelope, subject_of
from chassis.errors import InvalidMessageError
from incidents.domain.incidents.alarms import SignalClass
from incidents.wire import inbound
from tests.incidents.samples import (
    NIGHT,
    alarm,
    alarm_message,
    alarm_of,
    envelope,
    occupancy_message,
    premises_message,
    stamp,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.residency.v1 import residency_pb2 as residency

READERS = {
    subject_of(fire.AlarmRaised): inbound.read_alarm,
    subject_of(fire.AlarmReset): inbound.read_alarm,
    subject_of(fire.PremisesChanged): inbound.read_premises,
    subject_of(residency.OccupancyChanged): inbound.read_occupancy,
}


def refusal(event: Message, payload: bytes | None = None) -> str:
    """Read an event that must be refused; tell the reason."""
    told = envelope(event)
    if payload is not None:
        told = replace(told, payload=payload)
    with pytest.raises(InvalidMessageError) as refused:
        READERS[told.subject](told)
    return refused.value.reason


@pytest.mark.parametrize(
    "event",
    [
        fire.AlarmRaised(),
        fire.AlarmReset(),
        fire.PremisesChanged(),
        residency.OccupancyChanged(),
    ],
)
def test_what_is_no_message_is_a_dead_letter(event: Message) -> None:
    """So is a message without the thing it is about."""
    assert refusal(event, b"\xff\xff noise") == "not_protobuf"
    assert refusal(event) == "no_identifier"


@given(st.binary(max_size=200))
def test_noise_is_refused_or_read_but_never_breaks_the_lane(noise: bytes) -> None:
    """No other error than InvalidMessageError."""
    for subject, read in READERS.items():
        told = Envelope(envelope(fire.AlarmRaised()).event_id, subject, noise, "", NIGHT)
        with suppress(InvalidMessageError):
            assert read(told).payload == read(told).payload


def test_an_alarm_is_read_with_all_that_is_told_of_it() -> None:
    """And its message is kept whole."""
    message = alarm_message("alarm-1", restored_at=stamp(NIGHT), state=fire.ALARM_STATE_RESET)
    read = alarm_of(message)

    assert (read.alarm_id, read.device_id, read.premises_id) == (
        "alarm-1",
        "TB-0001",
        "premises-1",
    )
    assert (read.signal_class, read.kind) == (SignalClass.ALARM, "SMOKE")
    assert (read.zone_name, read.floor) == ("Bếp", 2)
    assert (read.raised_at, read.restored_at, read.ended) == (NIGHT, NIGHT, True)
    assert fire.Alarm.FromString(read.payload) == message


def test_an_alarm_that_does_not_say_when_counts_from_its_event() -> None:
    """A hole in it is no reason to lose it."""
    message = alarm_message()
    message.ClearField("raised_at")
    stored_at = NIGHT + timedelta(seconds=1)
    read = inbound.read_alarm(envelope(fire.AlarmRaised(alarm=message), stored_at))

    assert read.raised_at == stored_at


@pytest.mark.parametrize("number", [0, 9])
def test_a_class_nobody_knows_is_not_guessed(number: int) -> None:
    """It could be a test, which must not be dispatched."""
    message = alarm_message(signal_class=number)

    assert refusal(fire.AlarmRaised(alarm=message)) == "unknown_signal_class"


def test_what_the_database_cannot_hold_is_refused_or_replaced() -> None:
    """Retrying it for ever would hold up the lane."""
    huge = alarm_message(version=2**63)
    timeless = alarm_message(raised_at=Timestamp(seconds=10**15))

    assert refusal(fire.AlarmRaised(alarm=huge)) == "version_out_of_range"
    assert refusal(fire.AlarmRaised(alarm=timeless)) == "time_out_of_range"
    assert alarm(zone_name="B\0ếp").zone_name == "B\N{REPLACEMENT CHARACTER}ếp"


def test_a_count_without_a_time_is_as_old_as_its_event() -> None:
    """Premises always are."""
    counted = occupancy_message()
    counted.ClearField("as_of")
    stored_at = NIGHT - timedelta(hours=2)
    read = inbound.read_occupancy(
        envelope(residency.OccupancyChanged(occupancy=counted), stored_at)
    )
    place = inbound.read_premises(
        envelope(fire.PremisesChanged(premises=premises_message()), stored_at)
    )

    assert read.as_of == stored_at
    assert place.as_of == stored_at
