"""What a message may hold to be believed: a versioned row of the database, never constants in code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IngestionLimits:
    """What a message may hold to be believed; beyond it the message goes to the dead letters.

    Sizes in bytes and readings, times in seconds relative to the broker's receipt, values in the readings' units.
    """

    version: int
    max_bytes: int
    max_readings: int
    future_s: float
    ancient_s: float
    optical_density_min: float
    optical_density_max: float
    temperature_min: float
    temperature_max: float
    battery_min: float
    battery_max: float
    carbon_monoxide_min: float
    carbon_monoxide_max: float
