"""The limits that the first migration publishes, for tests that need no database; one test compares the two."""

from fire_safety.domain.devices import Device
from fire_safety.domain.limits import IngestionLimits, Profile

PROFILE = Profile(
    profile_id="smoke-optical",
    version=1,
    confirming_readings=2,
    smoke_alarm_m1=0.03,
    smoke_restore_m1=0.015,
    smoke_hold_s=8,
    smoke_restore_hold_s=30,
    clean_air_max_m1=0.015,
    clean_air_rise_m1_per_h=0.005,
    heat_alarm_c=58,
    heat_restore_c=50,
    heat_rise_k_per_min=8.3,
    heat_rise_restore_k_per_min=2,
    heat_rise_span_s=30,
    heat_restore_hold_s=60,
    gap_s=150,
    gap_intervals=2.5,
    settle_s=60,
    skew_s=300,
    silence_intervals_mains=6,
    silence_intervals_battery=5,
    silence_margin_s=5,
)

INGESTION = IngestionLimits(
    version=1,
    max_bytes=256 * 1024,
    max_readings=1000,
    future_s=12 * 3600,
    ancient_s=7 * 86400,
    optical_density_min=-0.02,
    optical_density_max=100,
    temperature_min=-60,
    temperature_max=1500,
    battery_min=0,
    battery_max=100,
    carbon_monoxide_min=0,
    carbon_monoxide_max=100_000,
)

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
