"""Zigbee IAS Zone status, as zigbee2mqtt publishes it.

Usually it publishes truth values (`smoke`, `carbon_monoxide`, `tamper`, `battery_low`, `test`, `trouble`,
`ac_status`, `battery_defect`, `silence`), the battery in % and the temperature in °C, all that it knows each time; or
the bits of `zonestatus`, with `zonetype` if known (0x28 fire, 0x2B CO). A message that tells smoke or CO is the whole
state. One that does not is an update of what changed, as zigbee2mqtt sends them where it is told to keep no state; it
is known by `linkquality` or `last_seen`, which come with each message, and leaves what it does not mention as it was.
Observed is when zigbee2mqtt last heard the device, where it is told to publish that (`last_seen`), and when the broker
received it elsewhere.
"""

from chassis.errors import InvalidMessageError
from fire_safety.decoders import json_text
from fire_safety.decoders.checks import check_size, checked
from fire_safety.decoders.origin import device_of
from fire_safety.decoders.values import flag, measured, moment, whole
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import EVERY_CONDITION, Batch, Condition, Reading

_FLAGS = {
    "smoke": Condition.SMOKE_ALARM,
    "carbon_monoxide": Condition.CO_ALARM,
    "tamper": Condition.TAMPER,
    "battery_low": Condition.LOW_BATTERY,
    "battery_defect": Condition.LOW_BATTERY,
    "trouble": Condition.FAULT,
    "ac_status": Condition.MAINS_FAULT,
    "test": Condition.TEST,
    "silence": Condition.MUTED,
}
# Bits of ZoneStatus behind the alarms' own.
_BITS = {
    2: Condition.TAMPER,
    3: Condition.LOW_BATTERY,
    6: Condition.FAULT,
    7: Condition.MAINS_FAULT,
    8: Condition.TEST,
    9: Condition.LOW_BATTERY,
}
_ALARM_1 = 1
_STATUSES = 0x1_0000
_FIRE, _CO = 0x28, 0x2B
_ALARMS = {_FIRE: Condition.SMOKE_ALARM, _CO: Condition.CO_ALARM}
# Either of these tells whether there is smoke or CO, and with it all that the zone's status has bits for.
_STATES = {"smoke", "carbon_monoxide"}
_EACH_MESSAGE = {"linkquality", "last_seen"}
_STATUS, _TYPE = ("zonestatus", "zoneStatus", "zone_status"), ("zonetype", "zoneType", "zone_type")


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read a state that the broker received at `received_ms` (milliseconds since 1970).

    Raises InvalidMessageError with one of: bad_device_id, too_large, not_json, not_object, duplicate_key, empty,
    ambiguous, bad_value, bad_time, future_time, ancient_time, not_finite, out_of_range.
    """
    device_id = device_of(subject)
    check_size(payload, limits)
    fields = json_text.read_object(payload)
    status = _one_of(_STATUS, fields)
    is_whole = status is not None or bool(_STATES & fields.keys())
    if not is_whole and not _EACH_MESSAGE & fields.keys():
        raise InvalidMessageError("empty")
    reading = Reading(
        observed_ms=moment(fields["last_seen"]) if "last_seen" in fields else received_ms,
        received_ms=received_ms,
        temperature=measured(fields, "temperature"),
        battery=measured(fields, "battery"),
        conditions=_flags(fields) | _bits(status, _one_of(_TYPE, fields)),
    )
    told = EVERY_CONDITION if is_whole else _told(fields)
    return checked(device_id, received_ms, [reading], limits)._replace(told=told)


def _told(fields: dict[str, object]) -> int:
    """Give the bits of the conditions that an update speaks of."""
    return sum({condition.value for name, condition in _FLAGS.items() if name in fields})


def _one_of(names: tuple[str, ...], fields: dict[str, object]) -> int | None:
    """Read the number that has one of several names; None if none is there."""
    found = [whole(fields[name]) for name in names if name in fields]
    if len(found) > 1:
        raise InvalidMessageError("ambiguous")
    return found[0] if found else None


def _flags(fields: dict[str, object]) -> int:
    bits = 0
    for name, condition in _FLAGS.items():
        if name in fields and flag(fields[name]):
            bits |= condition.value
    return bits


def _bits(status: int | None, zone_type: int | None) -> int:
    """Read ZoneStatus; an alarm of a zone of unknown type is taken for smoke, of another type for nothing."""
    if status is None:
        return 0
    if not 0 <= status < _STATUSES:
        raise InvalidMessageError("bad_value")
    bits = sum({condition.value for bit, condition in _BITS.items() if status & 1 << bit})
    alarm = _ALARMS.get(_FIRE if zone_type is None else zone_type)
    return bits | alarm.value if alarm and status & _ALARM_1 else bits
