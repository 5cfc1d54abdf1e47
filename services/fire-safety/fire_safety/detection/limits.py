"""A profile's limits as they apply to one device, in the units that folding counts in."""

from dataclasses import dataclass

from fire_safety.detection.level import Level
from fire_safety.domain.devices import Device
from fire_safety.domain.limits import Profile

_MS = 1000
# What is assumed of a device that is not on the register.
_UNKNOWN_INTERVAL_S = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one device: times in milliseconds, optical density in m⁻¹, temperature in °C.

    `smoke` judges the optical density above clean air, `heat` the temperature, `rise` its rise in K/min over at least
    `rise_span_ms`. A clock that has said nothing for `settle_ms` while the device went on reporting was set back.
    `silence_ms` is how long the device may be silent.
    """

    profile: str
    smoke: Level
    heat: Level
    rise: Level
    rise_span_ms: int
    gap_ms: int
    clean_air_max: float
    clean_air_rise_per_ms: float
    settle_ms: int
    skew_ms: int
    silence_ms: int


def limits_of(profile: Profile, device: Device | None) -> Limits:
    """Apply a profile to a device; None is a device that is not on the register."""
    interval_s = device.interval_s if device else _UNKNOWN_INTERVAL_S
    mains = device.mains_powered if device else False
    gap_ms = _ms(max(profile.gap_s, profile.gap_intervals * interval_s))
    intervals = profile.silence_intervals_mains if mains else profile.silence_intervals_battery
    confirming = profile.confirming_readings
    return Limits(
        profile=profile.name,
        smoke=Level(
            high=profile.smoke_alarm_m1,
            low=profile.smoke_restore_m1,
            hold_ms=_ms(profile.smoke_hold_s),
            restore_ms=_ms(profile.smoke_restore_hold_s),
            gap_ms=gap_ms,
            readings=confirming,
        ),
        heat=Level(
            high=profile.heat_alarm_c,
            low=profile.heat_restore_c,
            hold_ms=0,
            restore_ms=_ms(profile.heat_restore_hold_s),
            gap_ms=gap_ms,
            readings=confirming,
        ),
        rise=Level(
            high=profile.heat_rise_k_per_min,
            low=profile.heat_rise_restore_k_per_min,
            hold_ms=0,
            restore_ms=_ms(profile.heat_restore_hold_s),
            gap_ms=gap_ms,
            readings=confirming,
        ),
        rise_span_ms=_ms(profile.heat_rise_span_s),
        gap_ms=gap_ms,
        clean_air_max=profile.clean_air_max_m1,
        clean_air_rise_per_ms=profile.clean_air_rise_m1_per_h / (3600 * _MS),
        settle_ms=_ms(profile.settle_s),
        skew_ms=_ms(profile.skew_s),
        silence_ms=_ms(intervals * interval_s + profile.silence_margin_s),
    )


def _ms(seconds: float) -> int:
    return round(seconds * _MS)
