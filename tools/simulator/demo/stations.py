"""What a detector at a station of a fire test measures.

A station's detector is a multi-sensor: optical density from a smoke meter, temperature from the
thermocouple under the ceiling (`TC<station>_1`).

- Meter: the one under the ceiling (`SM<station>_1`). A meter that never leaves its clean-air noise
  in the whole test is dead, or has no smoke; then the station's next lower one is taken if it saw
  smoke. Where none did, the detector reports clean air and only its temperature can tell.
- Zero: the median of the first five rows is the meter's offset in clean air, which a detector has
  taken off when it is made.
- Range: a detector cannot measure a fire, only its beginning; beyond its range it reports the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from simulator.demo.traces import Trace, photoelectric_alarms

STATIONS = "ABCDEF"
# Smoke, m⁻¹: twice the noise of the meters in clean air, a third of what makes an alarm sound.
ALIVE = 0.010
ROWS_OF_CLEAN_AIR = 5
# What a detector can measure: m⁻¹ and °C.
HIGHEST_DENSITY = 2.0
HIGHEST_TEMPERATURE = 120.0


@dataclass(frozen=True)
class Station:
    """One station: its meter, and what it measured over clean air and room temperature.

    `seconds`, `density` (m⁻¹) and `warming` (K since the start) have equal length;
    `photo_alarm_s` is when its first photoelectric alarm sounded, None if none did.
    """

    name: str
    meter: str
    seconds: Sequence[float]
    density: Sequence[float]
    warming: Sequence[float]
    photo_alarm_s: float | None


def stations(trace: Trace) -> list[Station]:
    """Return the stations of a test, by name."""
    alarms = photoelectric_alarms(trace.test)
    return [_station(trace, name, alarms.get(name)) for name in STATIONS]


def _station(trace: Trace, name: str, photo_alarm_s: float | None) -> Station:
    meter = _meter(trace, name)
    temperatures = trace.channels[f"TC{name}_1"]
    start = median(temperatures[:ROWS_OF_CLEAN_AIR])
    return Station(
        name=name,
        meter=meter,
        seconds=trace.seconds,
        density=_over_clean_air(trace.channels[meter]),
        warming=[temperature - start for temperature in temperatures],
        photo_alarm_s=photo_alarm_s,
    )


def _meter(trace: Trace, station: str) -> str:
    """Choose the highest of the station's meters that saw smoke, else the one under the ceiling."""
    meters = [f"SM{station}_{k}" for k in range(1, 8) if f"SM{station}_{k}" in trace.channels]
    alive = (m for m in meters if _sees_smoke(_over_clean_air(trace.channels[m])))
    return next(alive, meters[0])


def _sees_smoke(density: Sequence[float]) -> bool:
    """Tell whether three values in a row have a median beyond noise: one spike is no smoke."""
    return any(median(density[i : i + 3]) > ALIVE for i in range(len(density) - 2))


def _over_clean_air(values: Sequence[float]) -> list[float]:
    offset = median(values[:ROWS_OF_CLEAN_AIR])
    return [max(value - offset, 0.0) for value in values]
