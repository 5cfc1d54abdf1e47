"""Limits that the migrations publish, for tests that need no database; one test compares them."""

from dataclasses import replace

from fire_safety.detection.limits import Limits, limits_of
from fire_safety.domain.devices.device import Device
from fire_safety.domain.profiles.profile import (
    BatteryLimits,
    CoLimits,
    DetectionLimits,
    Flapping,
    HeatLimits,
    Profile,
    RateLimits,
    Rhythm,
    RiseLimits,
    SmokeLimits,
    Strangers,
    TimeToAlarm,
    Verification,
)
from fuzz.expectation import LIMITS

# As the first migration published it, before there was more to say.
FIRST = Profile(
    profile_id="smoke-optical",
    version=1,
    limits=DetectionLimits(
        rhythm=Rhythm(
            confirming_readings=2,
            gap_s=150,
            gap_intervals=2.5,
            settle_s=60,
            skew_s=300,
            silence_intervals_mains=6,
            silence_intervals_battery=5,
            silence_margin_s=5,
        ),
        smoke=SmokeLimits(
            alarm_m1=0.03,
            restore_m1=0.015,
            hold_s=8,
            restore_hold_s=30,
            clean_air_max_m1=0.015,
            clean_air_rise_m1_per_h=0.005,
        ),
        heat=HeatLimits(
            alarm_c=58,
            restore_c=50,
            restore_hold_s=60,
            rise=RiseLimits(alarm_k_per_min=8.3, restore_k_per_min=2, span_s=30),
        ),
    ),
)
_CO = CoLimits(
    curve=(
        TimeToAlarm(35, 140),
        TimeToAlarm(50, 80),
        TimeToAlarm(60, 65),
        TimeToAlarm(100, 25),
        TimeToAlarm(300, 1.5),
    ),
    half_life_min=320,
    restore_ppm=30,
    restore_hold_s=300,
)
_OPTICAL = replace(
    FIRST.limits,
    carbon_monoxide=_CO,
    battery=BatteryLimits(low_percent=15, restore_percent=20),
    flapping=Flapping(raises=5, window_s=3600, shelve_s=3600),
    rate=RateLimits(factor=10, burst_readings=20_000, restore_readings=300),
)
PROFILE = Profile(
    profile_id="smoke-optical",
    version=3,
    limits=replace(_OPTICAL, strangers=Strangers(interval_s=60)),
)
_DECLARED = replace(_OPTICAL, smoke=None, heat=None, carbon_monoxide=None)


def _profile(profile_id: str, limits: DetectionLimits) -> Profile:
    return Profile(profile_id, 1, limits)


def _verified(letter: str, cancel_after_s: float) -> Profile:
    verification = Verification(after_s=30, cancel_after_s=cancel_after_s)
    return _profile(f"smoke-verified-{letter}", replace(_OPTICAL, verification=verification))


def _heat(name: str, alarm_c: float, restore_c: float, rise: RiseLimits | None) -> Profile:
    return _profile(
        f"heat-{name}", replace(_DECLARED, heat=HeatLimits(alarm_c, restore_c, 60, rise))
    )


_RISE_R = RiseLimits(alarm_k_per_min=9, restore_k_per_min=2, span_s=60)
PROFILES = [
    _profile("co-dose", replace(_DECLARED, carbon_monoxide=_CO)),
    _profile("declared", _DECLARED),
    *(
        _heat(f"{name}{suffix}", alarm_c, restore_c, _RISE_R if suffix == "r" else None)
        for name, alarm_c, restore_c in (("a1", 58, 50), ("a2", 60, 50), ("b", 75, 65))
        for suffix in ("", "r", "s")
    ),
    PROFILE,
    _verified("a", 60),
    _verified("b", 300),
]

INGESTION = LIMITS

MAINS = Device(
    device_id="CS0001-D01",
    premises_id="",
    zone_id="",
    model="KN-10",
    mains_powered=True,
    interval_s=10,
    profile_id="smoke-optical",
)
BATTERY = Device(
    device_id="CS0001-D02",
    premises_id="",
    zone_id="",
    model="KN-10B",
    mains_powered=False,
    interval_s=60,
    profile_id="smoke-optical",
)


def limits_for(profile_id: str = "smoke-optical", device: Device = MAINS) -> Limits:
    """Apply a profile to a device."""
    (profile,) = (one for one in PROFILES if one.profile_id == profile_id)
    return limits_of(profile, device.interval_s, mains_powered=device.mains_powered)
