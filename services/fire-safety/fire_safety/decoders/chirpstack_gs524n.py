"""Uplinks of ChirpStack v4 that carry the six bytes of a Milesight GS524N smoke detector.

The network server writes events as JSON: only uplinks carry a frame, and `time` is when it was heard, since the
detector has no clock. Its device EUI, its name there, or its tag `device_id` must be the device that the subject
names. The frame counter begins anew with each join and identifies nothing, so it is not taken for a sequence.

That the detector joined, answered for its status, confirmed a command, or sent a frame without data, is a sign of
life: it says nothing of smoke. Of its status the battery in % is read, where it has one and could measure it. Events
of the network server itself (`log`, `txack`, `location`, `integration`) were sent by no detector and are refused.

Of the frame (Milesight's payload definition, README of gs524n in their SensorDecoders): protocol and firmware, sensor
and message type, battery in %, smoke concentration in %, temperature in °C, and a byte that makes the sum of all six
divisible by 256. The concentration is not read: the definition says `uint: %` and neither of what it is a percentage
nor over which length, its one example is 0, and as optical density it would be a number that nobody measured. The
detector's own alarm is what counts. A muted alarm goes on: type 2 is sent in place of type 1, so that it tells of smoke
as well, also where the first alarm was lost on its way. A frame has one type alone and speaks of that: a detector that
burns may report its battery, its failure or that it was torn off, and only its normal says that there is no smoke.
"""

import base64
import binascii
from typing import NamedTuple

from chassis.errors import InvalidMessageError
from fire_safety.decoders import json_text
from fire_safety.decoders.checks import check_size, checked
from fire_safety.decoders.origin import device_of
from fire_safety.decoders.values import measured, moment, text
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import EVERY_CONDITION, Batch, Condition, Reading

_FRAME = 6
_SMOKE_DETECTOR = 1


class _Type(NamedTuple):
    """The conditions that a type of message declares, and those that it says not to hold, as bits."""

    declares: int
    denies: int = 0

    @property
    def told(self) -> int:
        """Give the bits of all that it speaks of: what is sent in a test says so."""
        return self.declares | self.denies | Condition.TEST.value


_TYPES = {
    1: _Type(Condition.SMOKE_ALARM.value, denies=Condition.MUTED.value),
    2: _Type((Condition.SMOKE_ALARM | Condition.MUTED).value),
    4: _Type(Condition.LOW_BATTERY.value),
    5: _Type(Condition.FAULT.value),
    7: _Type(0, denies=EVERY_CONDITION),
    10: _Type(Condition.TAMPER.value),
    11: _Type(0, denies=Condition.TAMPER.value),
    14: _Type(Condition.TEST.value, denies=Condition.LOW_BATTERY.value),
    15: _Type((Condition.TEST | Condition.LOW_BATTERY).value),
}


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read an event that the broker received at `received_ms` (milliseconds since 1970).

    Raises InvalidMessageError with one of: bad_device_id, too_large, not_json, not_object, duplicate_key, not_uplink,
    wrong_device, bad_frame, bad_checksum, bad_value, bad_time, future_time, ancient_time, not_finite, out_of_range.
    """
    device_id = device_of(subject)
    check_size(payload, limits)
    event = json_text.read_object(payload)
    is_uplink = {"deviceInfo", "data", "fCnt"} <= event.keys()
    if not is_uplink and not _is_sign_of_life(event):
        raise InvalidMessageError("not_uplink")
    if device_id.casefold() not in _names(event["deviceInfo"]):
        raise InvalidMessageError("wrong_device")
    observed_ms = moment(text(event["time"])) if "time" in event else received_ms
    if is_uplink and event["data"] != "":
        frame = _frame(text(event["data"]))
        kind = _type(frame)
        reading = _reading(frame, kind, observed_ms, received_ms)
        return checked(device_id, received_ms, [reading], limits)._replace(told=kind.told)
    sign = Reading(observed_ms, received_ms, battery=_battery(event))
    return checked(device_id, received_ms, [sign], limits)._replace(told=0)


def _is_sign_of_life(event: dict[str, object]) -> bool:
    """Tell whether it is a join, a status or a confirmed command: what the detector itself sent, without a frame."""
    kinds = ({"devAddr"}, {"margin", "batteryLevel"}, {"acknowledged"})
    return (
        {"deviceInfo", "deduplicationId"} <= event.keys()
        and not {"data", "integrationName", "location"} & event.keys()
        and any(kind <= event.keys() for kind in kinds)
        and event.get("acknowledged") is not False
    )


def _battery(event: dict[str, object]) -> float | None:
    """Read the battery of a status; on mains, or where it cannot be measured, the level is no level."""
    no_level = event.get("externalPowerSource") or event.get("batteryLevelUnavailable")
    return None if no_level else measured(event, "batteryLevel")


def _names(info: object) -> set[str]:
    """Give the names that the network server knows the device by."""
    if not isinstance(info, dict):
        raise InvalidMessageError("bad_value")
    tags = info.get("tags")
    tag = tags.get("device_id") if isinstance(tags, dict) else None
    names = (info.get("devEui"), info.get("deviceName"), tag)
    return {name.casefold() for name in names if isinstance(name, str)}


def _frame(data: str) -> bytes:
    try:
        frame = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidMessageError("bad_frame") from error
    if len(frame) != _FRAME:
        raise InvalidMessageError("bad_frame")
    if sum(frame) % 256:
        raise InvalidMessageError("bad_checksum")
    return frame


def _type(frame: bytes) -> _Type:
    sensor, message = divmod(frame[1], 16)
    if sensor != _SMOKE_DETECTOR or message not in _TYPES:
        raise InvalidMessageError("bad_frame")
    return _TYPES[message]


def _reading(frame: bytes, kind: _Type, observed_ms: int, received_ms: int) -> Reading:
    return Reading(
        observed_ms,
        received_ms,
        temperature=float(int.from_bytes(frame[4:5], signed=True)),
        battery=float(frame[2]),
        conditions=kind.declares,
    )
