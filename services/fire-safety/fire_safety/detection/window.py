"""What one run of a device's clock has shown lately: as much as its alarms depend on, and no more."""

from typing import NamedTuple

from fire_safety.detection.dose import dose_after
from fire_safety.detection.level import NO_RUN, Level, Run, Side, prolong
from fire_safety.detection.limits import Limits
from fire_safety.domain.readings.reading import Reading

MS_PER_MINUTE = 60_000
# Temperatures kept for the rise are at least this share of its span apart: a device gone mad fills no memory.
KEPT_PER_SPAN = 30
# Plain values: an enum's own operators and attributes cost more than all the rest of a fold.
_ABOVE = Side.ABOVE

Temperatures = tuple[tuple[int, float], ...]


class Window(NamedTuple):
    """The newest reading's times (device's and broker's clock), the runs of each criterion, and temperatures.

    `temperatures` are (ms, °C), oldest first; the first is the one that the rise is measured from. `dose` is that of
    carbon monoxide, measured last at `gas_ms`. `conditions` are those that the newest reading declared.
    """

    newest_ms: int
    received_ms: int
    smoke: Run
    heat: Run
    rise: Run
    temperatures: Temperatures
    gas: Run
    gas_ms: int
    dose: float
    conditions: int


EMPTY = Window(-1, -1, NO_RUN, NO_RUN, NO_RUN, (), NO_RUN, -1, 0.0, 0)


def look(window: Window, reading: Reading, clean_air: float, limits: Limits) -> Window:
    """Add a reading that is newer than all in the window."""
    newest, _, smoke, heat, rise, temperatures, gas, gas_ms, dose, _ = window
    at, received, density, temperature, _, conditions, ppm, _ = reading
    if density is not None and limits.smoke is not None:
        smoke = prolong(smoke, density - clean_air, at, newest, limits.smoke)
    if temperature is not None and limits.heat is not None:
        heat = prolong(heat, temperature, at, newest, limits.heat)
        if limits.rise is not None:
            rise, temperatures = _risen(window, temperature, at, limits)
    if ppm is not None and limits.gas is not None and limits.curve is not None:
        gas = prolong(gas, ppm, at, newest, limits.gas)
        elapsed = at - gas_ms if gas_ms >= 0 else 0
        if elapsed > limits.gap_ms:
            # What the air was meanwhile nobody knows: nothing is added, and what was taken up leaves.
            dose = dose_after(dose, 0.0, elapsed - limits.gap_ms, limits.curve)
            elapsed = limits.gap_ms
        gas_ms, dose = at, dose_after(dose, ppm, elapsed, limits.curve)
    return Window(
        at,
        received,
        smoke,
        heat,
        rise,
        temperatures,
        gas,
        gas_ms,
        dose,
        conditions,
    )


def cleared(window: Window) -> Window:
    """Leave what the window showed behind; it goes on at the same time."""
    return EMPTY._replace(newest_ms=window.newest_ms, received_ms=window.received_ms)


def is_calm(window: Window) -> bool:
    """Tell whether the newest reading is above no limit."""
    return not (
        window.smoke.side is _ABOVE
        or window.heat.side is _ABOVE
        or window.rise.side is _ABOVE
        or window.gas.side is _ABOVE
    )


def is_unremarkable(window: Window, reading: Reading, clean_air: float, limits: Limits) -> bool:
    """Tell whether a reading would say nothing new of a calm room: it is below every lower limit."""
    if reading.conditions or not is_calm(window):
        return False
    battery = reading.battery
    if battery is not None and battery < limits.battery_low:
        return False
    return (
        _is_below(reading.optical_density, clean_air, limits.smoke)
        and _is_below(reading.temperature, 0.0, limits.heat)
        and _is_below(reading.carbon_monoxide, 0.0, limits.gas)
        and _rises_little(window, reading, limits)
    )


def rise_limit(window: Window, level: Level) -> float:
    """Tell which temperature, °C, the newest reading had to stay below so as not to rise too fast."""
    since_ms, temperature = window.temperatures[0]
    return temperature + level.high * (window.newest_ms - since_ms) / MS_PER_MINUTE


def _is_below(value: float | None, zero: float, level: Level | None) -> bool:
    return value is None or level is None or value - zero < level.low


def _rises_little(window: Window, reading: Reading, limits: Limits) -> bool:
    """Tell whether the rise is slow even if it is told over the shortest span."""
    if reading.temperature is None or limits.rise is None or not window.temperatures:
        return True
    risen = reading.temperature - window.temperatures[0][1]
    return risen < limits.rise.low * limits.rise_span_ms / MS_PER_MINUTE


def _risen(
    window: Window, temperature: float, at: int, limits: Limits
) -> tuple[Run, Temperatures]:
    """Judge the rise since the oldest temperature that is kept, if it is old enough."""
    rise, level = window.rise, limits.rise
    temperatures = kept(window.temperatures, at, limits)
    if level is not None and temperatures and at - temperatures[0][0] >= limits.rise_span_ms:
        minutes = (at - temperatures[0][0]) / MS_PER_MINUTE
        risen = temperature - temperatures[0][1]
        rise = prolong(rise, risen / minutes, at, window.newest_ms, level)
    if not temperatures or (at - temperatures[-1][0]) * KEPT_PER_SPAN >= limits.rise_span_ms:
        temperatures = (*temperatures, (at, temperature))
    return rise, temperatures


def kept(temperatures: Temperatures, at: int, limits: Limits) -> Temperatures:
    """Drop what is older than the newest temperature that is a whole span old, or than the longest gap."""
    drop, count = 0, len(temperatures)
    oldest_needed = at - limits.rise_span_ms
    while drop + 1 < count and temperatures[drop + 1][0] <= oldest_needed:
        drop += 1
    if count and at - temperatures[drop][0] > limits.gap_ms:
        drop += 1
    return temperatures[drop:] if drop else temperatures
