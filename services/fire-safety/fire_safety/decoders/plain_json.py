"""JSON of simple sensors: one object, one reading.

Numbers: `optical_density` (m⁻¹) or `smoke_db_per_m` or `smoke_percent_per_m`, `temperature` (°C), `carbon_monoxide`
or `co` (ppm), `battery` (%). Truth values: the names of `vocabulary`; one that is not there does not hold. `time` is
ISO 8601 with its offset or milliseconds since 1970, and the broker's receipt where there is none. `sequence` is the
device's own count. `device_id`, if there, must be the one the subject names. Other fields and nulls say nothing.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from chassis.errors import InvalidMessageError
from fire_safety.decoders import json_text
from fire_safety.decoders.checks import check_size, checked
from fire_safety.decoders.origin import device_of
from fire_safety.decoders.smoke import from_percent
from fire_safety.decoders.values import measured, moment, number, whole
from fire_safety.decoders.vocabulary import CONDITIONS, declared
from fire_safety.detection.units import from_decibels_per_metre
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Reading

_DENSITIES: dict[str, Callable[[float], float]] = {
    "optical_density": float,
    "smoke_db_per_m": from_decibels_per_metre,
    "smoke_percent_per_m": from_percent,
}
_MONOXIDE = ("carbon_monoxide", "co")
_KNOWN = {*_DENSITIES, *_MONOXIDE, *CONDITIONS, "temperature", "battery"}


def decode(subject: str, payload: bytes, received_ms: int, limits: IngestionLimits) -> Batch:
    """Read one reading that the broker received at `received_ms` (milliseconds since 1970).

    Raises InvalidMessageError with one of: bad_device_id, too_large, not_json, not_object, duplicate_key, empty,
    wrong_device, ambiguous, bad_value, bad_time, future_time, ancient_time, not_finite, out_of_range.
    """
    device_id = device_of(subject)
    check_size(payload, limits)
    fields = json_text.read_object(payload)
    if not _KNOWN & fields.keys():
        raise InvalidMessageError("empty")
    if fields.get("device_id", device_id) != device_id:
        raise InvalidMessageError("wrong_device")
    return checked(device_id, received_ms, [_reading(fields, received_ms)], limits)


def _reading(fields: dict[str, object], received_ms: int) -> Reading:
    levels = {name for name in _MONOXIDE if not isinstance(fields.get(name, True), bool)}
    density = _only(fields, _DENSITIES.keys())
    monoxide = _only(fields, levels)
    return Reading(
        observed_ms=moment(fields["time"]) if "time" in fields else received_ms,
        received_ms=received_ms,
        optical_density=_DENSITIES[density](number(fields[density])) if density else None,
        temperature=measured(fields, "temperature"),
        battery=measured(fields, "battery"),
        conditions=declared((name, one) for name, one in fields.items() if name not in levels),
        carbon_monoxide=number(fields[monoxide]) if monoxide else None,
        sequence=whole(fields["sequence"]) if "sequence" in fields else None,
    )


def _only(fields: dict[str, object], names: AbstractSet[str]) -> str | None:
    """Tell which of the names is there; the same measurement in two units is refused."""
    found = names & fields.keys()
    if len(found) > 1:
        raise InvalidMessageError("ambiguous")
    return next(iter(found), None)
