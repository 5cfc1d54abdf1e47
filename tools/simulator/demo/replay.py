"""A fire in time: which detector says what, when by its own clock and when by ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from simulator.demo.stations import HIGHEST_DENSITY, HIGHEST_TEMPERATURE, Station
from simulator.fleet import climate
from simulator.fleet.sensor import Sample

# Longer than a mains detector's interval of ten seconds.
CLEAN_AFTER_S = 15.0
# Milliseconds at which a replay may begin; more seconds than any replay's readings span.
PHASES = 997


@dataclass(frozen=True)
class Timing:
    """The two clocks of a replay: it starts at `start`, seconds since 1970, `speed` times as fast.

    The detectors' clocks run as in the real fire, with its true spacing, and end `CLEAN_AFTER_S`
    before `start`: at any speed of one or more no reading comes from the future, and the clean air
    after the fire has its place before what they reported last.
    """

    start: float
    length_s: float
    speed: float

    @classmethod
    def beginning(cls, now: float, length_s: float, speed: float) -> "Timing":
        """Return the timing of a replay that begins now, in this second.

        A reading is known by device and device time: what was said before is no second reading. So
        replays begin at different milliseconds of their seconds, and none repeats a time of one
        that began in another second of the last quarter of an hour.
        """
        second = int(now)
        return cls(second + second % PHASES / 1000, length_s, speed)

    def device_ms(self, fire_s: float) -> int:
        """Return the device time of a moment of the fire, ms since 1970."""
        return round((self.start - CLEAN_AFTER_S - self.length_s + fire_s) * 1000)

    def fire_s(self, device_ms: float) -> float:
        """Return the moment of the fire at a device time, seconds since its start."""
        return device_ms / 1000 - self.start + CLEAN_AFTER_S + self.length_s

    def after_s(self, fire_s: float) -> float:
        """Return how long after the replay's start a moment of the fire is played."""
        return fire_s / self.speed


@dataclass(frozen=True)
class Step:
    """One reading to send `after_s` seconds from the start of the replay."""

    after_s: float
    device_id: str
    sample: Sample


def steps(placed: Mapping[str, Station], timing: Timing, rng: Random) -> list[Step]:
    """Return the readings of a fire by the detectors at its stations, in order of time."""
    return sorted(_steps(placed, timing, rng), key=lambda step: (step.after_s, step.device_id))


def _steps(placed: Mapping[str, Station], timing: Timing, rng: Random) -> Iterator[Step]:
    for device_id, station in placed.items():
        # The rise begins in the room as the fleet reported it: no step marks the start.
        room = climate.room_temperature(device_id, timing.start)
        for at, density, warming in zip(
            station.seconds, station.density, station.warming, strict=True
        ):
            sample = Sample(
                at_ms=timing.device_ms(at),
                optical_density=min(climate.clean_air(device_id, rng) + density, HIGHEST_DENSITY),
                temperature=min(room + warming, HIGHEST_TEMPERATURE),
                battery=None,
            )
            yield Step(timing.after_s(at), device_id, sample)
