"""Attributes of the Matter cluster Smoke CO Alarm (0x005C), as JSON.

Keys are names (`SmokeState`, in any case), ids (`0x01` or `1`) or paths (`1/92/1`: endpoint, cluster, attribute);
values are numbers as in the cluster, and truth values where it has them. A report holds the attributes that changed
and speaks of these alone; what it does not mention stays as it was. The expressed state is the most urgent one alone,
and which is more urgent each maker decides: it hides others and has no value for a device that is muted, dirty or open,
so that only its normal ends anything, and nothing but what it could express. One that this revision of the cluster does
not know says nothing: what else a newer device reports beside it counts. A report of attributes that say nothing
here, also of other clusters by their paths, is a sign of life. Matter has no time for attributes: observed is when the
broker received it.
"""

import re
from typing import NamedTuple

from chassis.errors import InvalidMessageError
from fire_safety.decoders import json_text
from fire_safety.decoders.checks import check_size, checked
from fire_safety.decoders.origin import device_of
from fire_safety.decoders.values import whole
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Condition, Reading

_MS = 1000
# Matter counts seconds from the year 2000.
_EPOCH_MS = 946_684_800_000
_KEY = re.compile(r"(?:\d{1,5}/92/)?(0[xX][0-9a-fA-F]{1,4}|\d{1,5})")
_PATH = re.compile(r"\d{1,5}/\d{1,10}/\d{1,10}")
_EXPRESSED, _SENSITIVITY, _EXPIRY = 0x00, 0x0B, 0x0C
_NORMAL = Condition(0)
# States are numbers of eight bits.
_STATES = 256


class _Attribute(NamedTuple):
    """An attribute's name, and what each of its values means."""

    name: str
    meanings: tuple[Condition, ...]


_ATTRIBUTES = {
    _EXPRESSED: _Attribute(
        "ExpressedState",
        (
            _NORMAL,
            Condition.SMOKE_ALARM,
            Condition.CO_ALARM,
            Condition.LOW_BATTERY,
            Condition.TEST,
            Condition.FAULT,
            Condition.END_OF_LIFE,
            Condition.INTERCONNECT,
            Condition.INTERCONNECT,
        ),
    ),
    0x01: _Attribute("SmokeState", (_NORMAL, Condition.SMOKE_WARNING, Condition.SMOKE_ALARM)),
    0x02: _Attribute("COState", (_NORMAL, Condition.CO_WARNING, Condition.CO_ALARM)),
    0x03: _Attribute("BatteryAlert", (_NORMAL, Condition.LOW_BATTERY, Condition.LOW_BATTERY)),
    0x04: _Attribute("DeviceMuted", (_NORMAL, Condition.MUTED)),
    0x05: _Attribute("TestInProgress", (_NORMAL, Condition.TEST)),
    0x06: _Attribute("HardwareFaultAlert", (_NORMAL, Condition.FAULT)),
    0x07: _Attribute("EndOfServiceAlert", (_NORMAL, Condition.END_OF_LIFE)),
    0x08: _Attribute(
        "InterconnectSmokeAlarm", (_NORMAL, Condition.INTERCONNECT, Condition.INTERCONNECT)
    ),
    0x09: _Attribute(
        "InterconnectCOAlarm", (_NORMAL, Condition.INTERCONNECT, Condition.INTERCONNECT)
    ),
    # A low contamination does not call for cleaning yet.
    0x0A: _Attribute(
        "ContaminationState", (_NORMAL, _NORMAL, Condition.CONTAMINATION, Condition.CONTAMINATION)
    ),
}
# Which attribute holds in full what is expressed, by the expressed state.
_IN_FULL = (_EXPRESSED, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09)
# What does not hold where a device expresses that it is normal: warnings are expressed as alarms are.
_NOT_NORMAL = (*_ATTRIBUTES[_EXPRESSED].meanings, Condition.SMOKE_WARNING, Condition.CO_WARNING)
_IDS = {one.name.casefold(): number for number, one in _ATTRIBUTES.items()}
_IDS |= {"smokesensitivitylevel": _SENSITIVITY, "expirydate": _EXPIRY}
_KNOWN = set(_IDS.values())


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read the attributes that the broker received at `received_ms` (milliseconds since 1970).

    Raises InvalidMessageError with one of: bad_device_id, too_large, not_json, not_object, duplicate_key, empty,
    ambiguous, bad_value, not_finite.
    """
    device_id = device_of(subject)
    check_size(payload, limits)
    fields = json_text.read_object(payload)
    if not any(_PATH.fullmatch(key) or _id_of(key) in _KNOWN for key in fields):
        raise InvalidMessageError("empty")
    attributes = _attributes(fields)
    conditions = _conditions(attributes, received_ms)
    reading = Reading(received_ms, received_ms, conditions=conditions)
    told = _told(attributes) | conditions
    return checked(device_id, received_ms, [reading], limits)._replace(told=told)


def _attributes(fields: dict[str, object]) -> dict[int, int]:
    """Give the attributes that are known here, by id."""
    found: dict[int, int] = {}
    for key, value in fields.items():
        attribute = _id_of(key)
        if attribute in found:
            raise InvalidMessageError("ambiguous")
        if attribute in _ATTRIBUTES or attribute == _EXPIRY:
            found[attribute] = int(value) if isinstance(value, bool) else whole(value)
    return found


def _id_of(key: str) -> int | None:
    if matched := _KEY.fullmatch(key):
        return int(matched[1], 16 if matched[1][:2] in {"0x", "0X"} else 10)
    return _IDS.get(key.casefold())


def _told(attributes: dict[int, int]) -> int:
    """Give the bits of the conditions that attributes speak of, whatever their values but the expressed one."""
    told = 0
    for attribute in attributes.keys() & _ATTRIBUTES.keys():
        meanings = _ATTRIBUTES[attribute].meanings
        if attribute == _EXPRESSED:
            meanings = () if attributes[attribute] else _NOT_NORMAL
        for one in meanings:
            told |= one.value
    return told


def _conditions(attributes: dict[int, int], received_ms: int) -> int:
    bits = 0
    for attribute, value in attributes.items():
        if attribute in _ATTRIBUTES:
            bits |= _meaning(attribute, value, attributes)
    expires_ms = _EPOCH_MS + attributes.get(_EXPIRY, 0) * _MS
    if _EPOCH_MS < expires_ms <= received_ms:
        bits |= Condition.END_OF_LIFE.value
    return bits


def _meaning(attribute: int, value: int, attributes: dict[int, int]) -> int:
    """Tell what a value means; what is expressed only repeats a state that is there in full."""
    meanings = _ATTRIBUTES[attribute].meanings
    if attribute == _EXPRESSED and len(meanings) <= value < _STATES:
        return 0
    if not 0 <= value < len(meanings):
        raise InvalidMessageError("bad_value")
    if attribute == _EXPRESSED and value and _IN_FULL[value] in attributes:
        return 0
    return meanings[value].value
