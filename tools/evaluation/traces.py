"""What a detector shows over time, and whether that was a fire: the four fires that NIST measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from fire_safety.domain.readings.reading import Reading
from simulator.demo import traces
from simulator.demo.stations import stations

START_MS = 1_700_000_000_000
# What a detector shows in clean air, m⁻¹.
CLEAN_AIR = 0.002
_MS = 1000


class Label(StrEnum):
    """What a trace is of; all but the fires are SYNTHETIC."""

    FIRE = "FIRE"
    COOKING = "COOKING"
    STEAM = "STEAM"
    DUST = "DUST"
    CLEAN = "CLEAN"


@dataclass(frozen=True)
class Trace:
    """One detector's readings; `photo_alarm_s` is when a real photoelectric alarm beside it sounded, if one did."""

    name: str
    label: Label
    readings: list[Reading]
    photo_alarm_s: float | None = None

    def every(self, seconds: float) -> "Trace":
        """Give what a detector that reports so often would have told of it."""
        told: list[Reading] = []
        for reading in self.readings:
            if not told or reading.observed_ms - told[-1].observed_ms >= seconds * _MS:
                told.append(reading)
        return Trace(self.name, self.label, told, self.photo_alarm_s)


def reading(second: float, density: float, temperature: float) -> Reading:
    """Make the reading of a second of a trace; the device's clock is right."""
    at_ms = START_MS + round(second * _MS)
    return Reading(at_ms, at_ms, density, temperature)


def second_of(at_ms: int) -> float:
    """Tell which second of its trace a time is."""
    return (at_ms - START_MS) / _MS


def fires() -> Iterator[Trace]:
    """Give each station of the fires at which a real photoelectric alarm sounded: there is no truth at the others."""
    for test in traces.TESTS:
        measured = traces.load(test)
        for station in stations(measured):
            if station.photo_alarm_s is None:
                continue
            temperatures = measured.channels[f"TC{station.name}_1"]
            rows = zip(station.seconds, station.density, temperatures, strict=True)
            readings = [reading(at, density + CLEAN_AIR, one) for at, density, one in rows]
            yield Trace(f"{test} {station.name}", Label.FIRE, readings, station.photo_alarm_s)
