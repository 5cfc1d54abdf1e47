"""A profile's limits as they apply to one device, in the units that folding counts in."""

from dataclasses import dataclass
from typing import NamedTuple

from fire_safety.detection.dose import Curve, curve_of
from fire_safety.detection.level import Level
from fire_safety.domain.profiles.profile import (
    CoLimits,
    Flapping,
    HeatLimits,
    Profile,
    RateLimits,
    SmokeLimits,
)

_MS = 1000
# How much longer a clock must be behind by the same than what that may differ by: a message that comes every 90 s of
# what was kept every 100 s is told from it.
_SETTLED_PER_STEADY = 10
# No measured battery is below this.
_NO_BATTERY = float("-inf")


class FlappingLimits(NamedTuple):
    """More than `raises` within the window are shelved for so long."""

    raises: int
    window_ms: int
    shelve_ms: int


class Pace(NamedTuple):
    """Each reading costs `cost_ms` of time; beyond a debt of `most_ms` there are too many, down to `settled_ms`."""

    cost_ms: float
    most_ms: float
    settled_ms: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one device: times in milliseconds, optical density in m⁻¹, temperature in °C, gas in ppm.

    `smoke` judges the optical density above clean air, `heat` the temperature, `rise` its rise in K/min over at least
    `rise_span_ms`, `gas` whether carbon monoxide is taken up, by `curve`; None is not judged. A measured fire is a
    pre-alarm until it has been shown for `verify_ms` more; 0 is an alarm at once. A pre-alarm is taken back after
    `cancel_after_ms` of normal. A clock that has been behind for `settle_ms`, in a first message and `confirming` more
    by the same to within `steady_ms`, was set back. `silence_ms` is how long the device may be silent.
    """

    profile: str
    smoke: Level | None
    heat: Level | None
    rise: Level | None
    gas: Level | None
    curve: Curve | None
    rise_span_ms: int
    gap_ms: int
    clean_air_max: float
    clean_air_rise_per_ms: float
    verify_ms: int
    cancel_after_ms: int
    battery_low: float
    battery_restore: float
    flapping: FlappingLimits | None
    pace: Pace | None
    confirming: int
    settle_ms: int
    steady_ms: int
    skew_ms: int
    silence_ms: int


def limits_of(profile: Profile, interval_s: int, *, mains_powered: bool) -> Limits:
    """Apply a profile to a device that reports so often; 0 is a device of which that is not known.

    Where the profile supposes nothing of such a device, it is judged without a rate and by the least of gaps.
    """
    given, rhythm = profile.limits, profile.limits.rhythm
    if not interval_s and given.strangers:
        interval_s = given.strangers.interval_s
    readings = rhythm.confirming_readings
    gap_ms = _ms(max(rhythm.gap_s, rhythm.gap_intervals * interval_s))
    settle_ms = _ms(max(rhythm.settle_s, rhythm.gap_intervals * interval_s))
    intervals = (
        rhythm.silence_intervals_mains if mains_powered else rhythm.silence_intervals_battery
    )
    smoke, rise = given.smoke, given.heat.rise if given.heat else None
    gas, verification, battery = given.carbon_monoxide, given.verification, given.battery
    return Limits(
        profile=profile.name,
        smoke=_smoke(smoke, gap_ms, readings),
        heat=_heat(given.heat, gap_ms, readings),
        rise=_rise(given.heat, gap_ms, readings),
        gas=_gas(gas, gap_ms, readings),
        curve=curve_of(gas) if gas else None,
        rise_span_ms=_ms(rise.span_s) if rise else 0,
        gap_ms=gap_ms,
        clean_air_max=smoke.clean_air_max_m1 if smoke else 0.0,
        clean_air_rise_per_ms=smoke.clean_air_rise_m1_per_h / (3600 * _MS) if smoke else 0.0,
        verify_ms=_ms(verification.after_s) if verification else 0,
        cancel_after_ms=_ms(verification.cancel_after_s) if verification else 0,
        battery_low=battery.low_percent if battery else _NO_BATTERY,
        battery_restore=battery.restore_percent if battery else _NO_BATTERY,
        flapping=_flapping(given.flapping),
        pace=_pace(given.rate, interval_s),
        confirming=readings,
        settle_ms=settle_ms,
        steady_ms=settle_ms // _SETTLED_PER_STEADY,
        skew_ms=_ms(rhythm.skew_s),
        silence_ms=_ms(intervals * interval_s + rhythm.silence_margin_s),
    )


def _smoke(smoke: SmokeLimits | None, gap_ms: int, readings: int) -> Level | None:
    if smoke is None:
        return None
    hold_ms, restore_ms = _ms(smoke.hold_s), _ms(smoke.restore_hold_s)
    return Level(smoke.alarm_m1, smoke.restore_m1, hold_ms, restore_ms, gap_ms, readings)


def _heat(heat: HeatLimits | None, gap_ms: int, readings: int) -> Level | None:
    if heat is None:
        return None
    return Level(heat.alarm_c, heat.restore_c, 0, _ms(heat.restore_hold_s), gap_ms, readings)


def _rise(heat: HeatLimits | None, gap_ms: int, readings: int) -> Level | None:
    if heat is None or heat.rise is None:
        return None
    high, low = heat.rise.alarm_k_per_min, heat.rise.restore_k_per_min
    return Level(high, low, 0, _ms(heat.restore_hold_s), gap_ms, readings)


def _gas(gas: CoLimits | None, gap_ms: int, readings: int) -> Level | None:
    if gas is None:
        return None
    lowest, restore_ms = gas.curve[0].ppm, _ms(gas.restore_hold_s)
    return Level(lowest, gas.restore_ppm, 0, restore_ms, gap_ms, readings)


def _flapping(one: Flapping | None) -> FlappingLimits | None:
    if one is None:
        return None
    return FlappingLimits(one.raises, _ms(one.window_s), _ms(one.shelve_s))


def _pace(rate: RateLimits | None, interval_s: int) -> Pace | None:
    if rate is None or not interval_s:
        return None
    cost_ms = interval_s * _MS / rate.factor
    most_ms = cost_ms * rate.burst_readings
    return Pace(cost_ms, most_ms, most_ms - cost_ms * rate.restore_readings)


def _ms(seconds: float) -> int:
    return round(seconds * _MS)
