"""Detection profiles: the limits that readings are judged by, and how each kind of signal is treated.

A version of a profile is a row that is never changed; what it does not speak of is not judged. All of it is data
with its source: nothing here has a number of its own.
"""

from dataclasses import dataclass
from itertools import pairwise

DEFAULT_PROFILE = "smoke-optical"


@dataclass(frozen=True)
class Rhythm:
    """What readings must be like to be judged together, and how long there may be none.

    `confirming_readings` in a row any change of a measured value needs; readings further apart than both `gap_s` and
    `gap_intervals` are not in a row. A device clock without a newer reading for `settle_s`, while the device reports,
    was set back; one that differs from the broker's by more than `skew_s` is flagged. Silence is allowed for the
    interval times the number of its power class, and the margin.
    """

    confirming_readings: int
    gap_s: float
    gap_intervals: float
    settle_s: float
    skew_s: float
    silence_intervals_mains: float
    silence_intervals_battery: float
    silence_margin_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(self.confirming_readings > 0, "confirming_readings must be positive")
        _require(self.gap_s > 0 and self.gap_intervals > 1, "the gap must span an interval")
        _require(self.settle_s > 0 and self.skew_s > 0, "settle_s and skew_s must be positive")
        fewest = min(self.silence_intervals_mains, self.silence_intervals_battery)
        _require(fewest >= 1 and self.silence_margin_s >= 0, "silence must span an interval")


@dataclass(frozen=True)
class SmokeLimits:
    """Optical density above clean air, m⁻¹, that alarms after the hold; below which it is normal after its hold.

    Clean air follows dust and ageing by at most so much, and so fast.
    """

    alarm_m1: float
    restore_m1: float
    hold_s: float
    restore_hold_s: float
    clean_air_max_m1: float
    clean_air_rise_m1_per_h: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(0 < self.restore_m1 < self.alarm_m1, "restore_m1 must be below alarm_m1")
        _require(self.hold_s >= 0 and self.restore_hold_s >= 0, "a hold is never negative")
        within = 0 <= self.clean_air_max_m1 < self.alarm_m1
        _require(within, "clean_air_max_m1 must be below alarm_m1")
        _require(self.clean_air_rise_m1_per_h >= 0, "clean air follows upwards")


@dataclass(frozen=True)
class RiseLimits:
    """Rate of rise, K/min, over at least the span, and below which it is normal."""

    alarm_k_per_min: float
    restore_k_per_min: float
    span_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        within = 0 < self.restore_k_per_min < self.alarm_k_per_min
        _require(within, "restore_k_per_min must be below alarm_k_per_min")
        _require(self.span_s > 0, "span_s must be positive")


@dataclass(frozen=True)
class HeatLimits:
    """Static response, °C, and the rate of rise where the class has one (suffix R); each with its way back."""

    alarm_c: float
    restore_c: float
    restore_hold_s: float
    rise: RiseLimits | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(self.restore_c < self.alarm_c, "restore_c must be below alarm_c")
        _require(self.restore_hold_s >= 0, "a hold is never negative")


@dataclass(frozen=True)
class TimeToAlarm:
    """How long a constant concentration may last before it alarms."""

    ppm: float
    minutes: float


@dataclass(frozen=True)
class CoLimits:
    """Carbon monoxide by dose: a curve of times to alarm, straight between its points on logarithmic scales.

    Below the first point nothing is taken up, and half of what was leaves in `half_life_min`, as it leaves the blood.
    Back to normal below `restore_ppm` for its hold.
    """

    curve: tuple[TimeToAlarm, ...]
    half_life_min: float
    restore_ppm: float
    restore_hold_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(len(self.curve) > 1, "a curve has two points at least")
        falls = all(a.ppm < b.ppm and a.minutes > b.minutes for a, b in pairwise(self.curve))
        _require(falls, "more carbon monoxide must alarm sooner")
        _require(self.curve[-1].minutes > 0, "a time to alarm must be positive")
        within = 0 < self.restore_ppm < self.curve[0].ppm
        _require(within, "restore_ppm must be below the curve")
        _require(self.half_life_min > 0, "half_life_min must be positive")
        _require(self.restore_hold_s >= 0, "a hold is never negative")


@dataclass(frozen=True)
class Verification:
    """How a measured fire becomes an alarm where it is a pre-alarm first (dependency types A and B of EN 54-2).

    The same device must still show it after `after_s`; without it, the device must be normal for `cancel_after_s`
    before the pre-alarm is taken back. A profile without this is of type C: what is measured is a fire condition at
    once. A second device or a manual call point does not wait for any of it.
    """

    after_s: float
    cancel_after_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(self.after_s > 0 and self.cancel_after_s >= 0, "both times must be positive")


@dataclass(frozen=True)
class BatteryLimits:
    """Remaining battery, percent, below which it is low, and from which it is normal again."""

    low_percent: float
    restore_percent: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        within = 0 < self.low_percent < self.restore_percent
        _require(within, "restore_percent must be above low_percent")


@dataclass(frozen=True)
class Flapping:
    """A condition raised more than `raises` times in `window_s` is held as raised for `shelve_s`."""

    raises: int
    window_s: float
    shelve_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(min(self.raises, self.window_s, self.shelve_s) > 0, "all must be positive")


@dataclass(frozen=True)
class RateLimits:
    """A device may send `factor` readings in each interval, and `burst_readings` more at once.

    It is back to its rate when it has stayed below it for long enough to save up `restore_readings`.
    """

    factor: float
    burst_readings: int
    restore_readings: int

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(self.factor >= 1, "a device may send what its interval says")
        within = 0 < self.restore_readings < self.burst_readings
        _require(within, "restore_readings must be below burst_readings")


@dataclass(frozen=True)
class Strangers:
    """How often a device reports of which the register knows nothing, as is supposed: gaps and rate follow from it."""

    interval_s: int

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        _require(self.interval_s > 0, "an interval must be positive")


@dataclass(frozen=True)
class DetectionLimits:
    """All that a profile says; None is not judged."""

    rhythm: Rhythm
    smoke: SmokeLimits | None = None
    heat: HeatLimits | None = None
    carbon_monoxide: CoLimits | None = None
    verification: Verification | None = None
    battery: BatteryLimits | None = None
    flapping: Flapping | None = None
    rate: RateLimits | None = None
    strangers: Strangers | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises ValueError."""
        rise = self.heat.rise if self.heat else None
        within = rise is None or rise.span_s < self.rhythm.gap_s
        _require(within, "a rise must be told within the gap")


@dataclass(frozen=True)
class Profile:
    """One version of a detection profile."""

    profile_id: str
    version: int
    limits: DetectionLimits

    @property
    def name(self) -> str:
        """Name the profile with its version, as alarms tell it."""
        return f"{self.profile_id}/{self.version}"


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition is what it is called with
    if not holds:
        raise ValueError(otherwise)
