"""The limits that readings are judged by: versioned rows of the database, never constants in code.

Each table's rows carry their source; `effective_from` says which version applies at a time.
"""

from dataclasses import dataclass

DEFAULT_PROFILE = "smoke-optical"


@dataclass(frozen=True)
class Profile:
    """One version of a detection profile; the columns of `detection_profiles` say what each limit means."""

    profile_id: str
    version: int
    confirming_readings: int
    smoke_alarm_m1: float
    smoke_restore_m1: float
    smoke_hold_s: float
    smoke_restore_hold_s: float
    clean_air_max_m1: float
    clean_air_rise_m1_per_h: float
    heat_alarm_c: float
    heat_restore_c: float
    heat_rise_k_per_min: float
    heat_rise_restore_k_per_min: float
    heat_rise_span_s: float
    heat_restore_hold_s: float
    gap_s: float
    gap_intervals: float
    settle_s: float
    skew_s: float
    silence_intervals_mains: float
    silence_intervals_battery: float
    silence_margin_s: float

    @property
    def name(self) -> str:
        """Name the profile with its version, as alarms tell it."""
        return f"{self.profile_id}/{self.version}"


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
