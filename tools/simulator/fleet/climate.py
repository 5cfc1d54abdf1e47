"""What a detector measures while nothing burns."""

import math
import zlib
from random import Random

DAY_S = 86_400
# Optical density of clean air as detectors see it, m⁻¹: dust, offset and noise.
CLEAN_AIR = (0.001, 0.004)
CLEAN_AIR_NOISE = 0.0003
# Rooms, °C: mean, what one differs from another, and the swing of a day.
ROOM_MEAN, ROOM_SPREAD, ROOM_SWING = 25.0, 1.5, 1.5
ROOM_NOISE = 0.05
WARMEST_AT_S = 15 * 3600
UTC_OFFSET_S = 7 * 3600
# A battery lasts till it is changed at 20 percent, after 800 days.
BATTERY_FULL, BATTERY_DAYS, BATTERY_PER_DAY = 100.0, 800, 0.1


def share(device_id: str, topic: str) -> float:
    """Return a number in [0, 1) that is the device's own and never changes."""
    return zlib.crc32(f"{device_id}/{topic}".encode()) / 2**32


def clean_air(device_id: str, rng: Random) -> float:
    """Return an optical density of clean air, m⁻¹."""
    low, high = CLEAN_AIR
    usual = low + (0.25 + 0.5 * share(device_id, "air")) * (high - low)
    return min(max(rng.gauss(usual, CLEAN_AIR_NOISE), low), high)


def room_temperature(device_id: str, at: float) -> float:
    """Return the temperature of the device's room, °C, at a time in seconds since 1970."""
    usual = ROOM_MEAN + (share(device_id, "room") - 0.5) * 2 * ROOM_SPREAD
    hour_angle = (at + UTC_OFFSET_S - WARMEST_AT_S) % DAY_S / DAY_S * 2 * math.pi
    return usual + ROOM_SWING * math.cos(hour_angle)


def battery(device_id: str, at: float) -> float:
    """Return the charge of the device's battery, percent; it falls by a tenth a day."""
    age = (at / DAY_S + share(device_id, "battery") * BATTERY_DAYS) % BATTERY_DAYS
    return BATTERY_FULL - age * BATTERY_PER_DAY
