"""Sensor Measurement Lists (RFC 8428): a pack of records resolved, and what a pack says about a detector.

The same for JSON and CBOR, which differ in how records are written alone. A detector's measurements are known by the
last part of their resolved name, behind `/`, `:`, or the `_` of a device URN (RFC 9039), and by their unit:
`temperature` or `temp` (Cel, K), `smoke` (`/`: obscured fraction of a metre; agreed upon, since none is registered:
`dB/m`, `1/m`, `%/m`), `co` or `carbon_monoxide` (`/`, or the secondary unit ppm), `battery` (%EL, `%`, `/`; V says
nothing), `sequence`. Truth values are the names of `vocabulary`. Other names, sums and update times say nothing.
"""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from chassis.errors import InvalidMessageError
from fire_safety.decoders.checks import check_count, checked
from fire_safety.decoders.smoke import from_fraction, from_percent
from fire_safety.decoders.values import data, flag, number, text, whole
from fire_safety.decoders.vocabulary import CONDITIONS, declared
from fire_safety.detection.units import from_decibels_per_metre
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Reading

Value = float | str | bool | bytes | None
_Units = dict[str | None, Callable[[float], float | None]]

_MS = 1000
# Times below are seconds from now, negative in the past (RFC 8428 §4.5.3).
_RELATIVE_S = 2**28
_VERSION = 10
# Those before, and version 10 with the feature of secondary units (RFC 9100).
_VERSIONS = {*range(1, _VERSION + 1), _VERSION + 16}
_BASE = {"bn", "bt", "bu", "bv", "bs", "bver"}
_VALUES = {"v", "vs", "vb", "vd"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")
_MAX_NAME = 255
_LAST_PART = re.compile(r"(?:urn:dev:[^:_/]*:[^:_/]*_)?(?:.*[/:])?([^/:]*)")

_TEMPERATURE: _Units = {"Cel": float, None: float, "K": lambda kelvin: kelvin - 273.15}
_SMOKE: _Units = {
    "/": from_fraction,
    "%/m": from_percent,
    "dB/m": from_decibels_per_metre,
    "1/m": float,
}
_MONOXIDE: _Units = {"/": lambda share: share * 1e6, "ppm": float}
_BATTERY: _Units = {
    "%EL": float,
    "%": float,
    None: float,
    "/": lambda share: share * 100,
    "V": lambda _: None,
}
# What is measured, by name: the reading's field, and how each unit is brought to the field's own.
_MEASUREMENTS: dict[str, tuple[str, _Units]] = {
    "temperature": ("temperature", _TEMPERATURE),
    "temp": ("temperature", _TEMPERATURE),
    "smoke": ("optical_density", _SMOKE),
    "co": ("carbon_monoxide", _MONOXIDE),
    "carbon_monoxide": ("carbon_monoxide", _MONOXIDE),
    "battery": ("battery", _BATTERY),
    "sequence": ("sequence", {None: float, "count": float}),
}
_KNOWN = {*_MEASUREMENTS, *CONDITIONS}


class Record(NamedTuple):
    """A resolved record: its whole name, its unit if any, its time in ms since 1970, its one value and its sum."""

    name: str
    unit: str | None
    time_ms: int
    value: Value
    sum: float | None = None


def resolve(pack: object, received_ms: int) -> list[Record]:
    """Resolve a pack's records into the order of their times (RFC 8428 §4.6); "now" is the broker's receipt.

    Records without a value, which only set what follows, are left out. Raises InvalidMessageError.
    """
    if not isinstance(pack, list):
        raise InvalidMessageError("not_senml")
    base: dict[str, object] = {}
    records = [_resolved(record, base, received_ms) for record in pack]
    return sorted((one for one in records if one), key=lambda one: one.time_ms)


def batch_of(device_id: str, pack: object, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read a pack as what one detector observed: a reading for each time.

    A condition that the pack declared holds in its later readings, until it says otherwise.
    """
    if isinstance(pack, list):
        check_count(len(pack), limits)
    records = [one for one in resolve(pack, received_ms) if _measured(one) in _KNOWN]
    check_count(len(records), limits)
    if len({one.name.removesuffix(_measured(one)) for one in records}) > 1:
        raise InvalidMessageError("wrong_device")
    return checked(device_id, received_ms, list(_readings(records, received_ms)), limits)


def _resolved(record: object, base: dict[str, object], received_ms: int) -> Record | None:
    """Resolve a record by the base fields in force, which it may change for those that follow."""
    if not isinstance(record, dict):
        raise InvalidMessageError("not_senml")
    if any(label.endswith("_") for label in record):
        raise InvalidMessageError("must_understand")
    _set_base(record, base)
    if not record.keys() - _BASE:
        return None
    name = _name(text(base.get("bn", "")) + text(record.get("n", "")))
    unit = record.get("u", base.get("bu"))
    value = _value(record, base)
    total = _sum(record, base, "s", "bs")
    if value is None and total is None:
        return None
    at = number(number(base.get("bt", 0)) + number(record.get("t", 0)))
    time_ms = round(at * _MS) + (received_ms if at < _RELATIVE_S else 0)
    return Record(name, None if unit is None else text(unit), time_ms, value, total)


def _set_base(record: dict[str, object], base: dict[str, object]) -> None:
    """Take over base fields; the version is one for the whole pack."""
    version = whole(record.get("bver", base.get("bver", _VERSION)))
    if version not in _VERSIONS or version != base.setdefault("bver", version):
        raise InvalidMessageError("bad_version")
    base.update((label, record[label]) for label in _BASE & record.keys())


def _name(name: str) -> str:
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidMessageError("bad_name")
    return name


def _value(record: dict[str, object], base: dict[str, object]) -> Value:
    """Read the one value that a record may have."""
    if len(record.keys() & _VALUES) > 1:
        raise InvalidMessageError("ambiguous")
    if "vb" in record:
        return flag(record["vb"])
    if "vs" in record:
        return text(record["vs"])
    if "vd" in record:
        return data(record["vd"])
    return _sum(record, base, "v", "bv")


def _sum(
    record: dict[str, object], base: dict[str, object], label: str, base_label: str
) -> float | None:
    """Add a number to its base; None if there is neither."""
    if label not in record and base_label not in base:
        return None
    return number(number(base.get(base_label, 0)) + number(record.get(label, 0)))


def _measured(record: Record) -> str:
    """Tell what a record is about: the last part of its name."""
    found = _LAST_PART.fullmatch(record.name)
    return found[1] if found else ""


def _readings(records: list[Record], received_ms: int) -> Iterator[Reading]:
    held: dict[str, bool] = {}
    for time_ms, some in groupby(records, key=lambda one: one.time_ms):
        told: dict[str, Record] = {}
        for one in some:
            if told.setdefault(_measured(one), one) is not one:
                raise InvalidMessageError("ambiguous")
        held |= {name: one.value for name, one in told.items() if isinstance(one.value, bool)}
        measured = {name: one for name, one in told.items() if not isinstance(one.value, bool)}
        yield _reading(time_ms, received_ms, measured, declared(held.items()))


def _reading(
    time_ms: int, received_ms: int, measured: dict[str, Record], conditions: int
) -> Reading:
    values: dict[str, float | None] = {}
    for name, record in measured.items():
        field, units = _MEASUREMENTS.get(name, ("", {}))
        if record.unit not in units or field in values:
            raise InvalidMessageError("bad_unit" if field not in values else "ambiguous")
        values[field] = units[record.unit](number(record.value))
    sequence = values.get("sequence")
    if sequence is not None and not sequence.is_integer():
        raise InvalidMessageError("bad_value")
    return Reading(
        time_ms,
        received_ms,
        values.get("optical_density"),
        values.get("temperature"),
        values.get("battery"),
        conditions,
        values.get("carbon_monoxide"),
        None if sequence is None else int(sequence),
    )
