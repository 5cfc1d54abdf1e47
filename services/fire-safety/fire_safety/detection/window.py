"""What one run of a device's clock has shown lately: as much as its alarms depend on, and no more."""

from typing import NamedTuple

from fire_safety.detection.level import NO_RUN, Run, Side, alarms, prolong
from fire_safety.detection.limits import Limits
from fire_safety.domain.readings import Condition, Reading

_MS_PER_MINUTE = 60_000
# Temperatures kept for the rise are at least this share of its span apart: a device gone mad fills no memory.
_KEPT_PER_SPAN = 30
# Plain values: an enum's own operators and attributes cost more than all the rest of a fold.
_TEST = Condition.TEST.value
_ABOVE = Side.ABOVE

Temperatures = tuple[tuple[int, float], ...]


class Window(NamedTuple):
    """The newest reading's times (device's and broker's clock), the runs of each criterion, and temperatures.

    `temperatures` are (ms, °C), oldest first; the first is the one that the rise is measured from. `rise_limit` is
    the temperature in °C that the newest reading had to stay below.
    """

    newest_ms: int
    received_ms: int
    smoke: Run
    heat: Run
    rise: Run
    rise_limit: float
    temperatures: Temperatures


EMPTY = Window(-1, -1, NO_RUN, NO_RUN, NO_RUN, 0.0, ())


def look(window: Window, reading: Reading, clean_air: float, limits: Limits) -> Window:
    """Add a reading that is newer than all in the window.

    A reading of a device under test shows nothing of the room: what was pending starts anew after the test.
    """
    at, before = reading.observed_ms, window.newest_ms
    if reading.conditions & _TEST:
        return EMPTY._replace(newest_ms=at, received_ms=reading.received_ms)
    smoke, density = window.smoke, reading.optical_density
    if density is not None:
        smoke = prolong(smoke, density - clean_air, at, before, limits.smoke)
    heat, rise, rise_limit = window.heat, window.rise, window.rise_limit
    temperatures, temperature = window.temperatures, reading.temperature
    if temperature is not None:
        heat = prolong(heat, temperature, at, before, limits.heat)
        temperatures = _kept(temperatures, at, limits)
        if temperatures and at - temperatures[0][0] >= limits.rise_span_ms:
            minutes = (at - temperatures[0][0]) / _MS_PER_MINUTE
            risen = temperature - temperatures[0][1]
            rise = prolong(rise, risen / minutes, at, before, limits.rise)
            rise_limit = temperatures[0][1] + limits.rise.high * minutes
        if not temperatures or (at - temperatures[-1][0]) * _KEPT_PER_SPAN >= limits.rise_span_ms:
            temperatures = (*temperatures, (at, temperature))
    return Window(at, reading.received_ms, smoke, heat, rise, rise_limit, temperatures)


def is_calm(window: Window) -> bool:
    """Tell whether the newest reading is above no limit."""
    return not (
        window.smoke.side is _ABOVE or window.heat.side is _ABOVE or window.rise.side is _ABOVE
    )


def shows_fire(window: Window, limits: Limits) -> bool:
    """Tell whether the newest readings are above a limit for long enough to alarm."""
    now = window.newest_ms
    return (
        alarms(window.smoke, now, limits.smoke)
        or alarms(window.heat, now, limits.heat)
        or alarms(window.rise, now, limits.rise)
    )


def _kept(temperatures: Temperatures, at: int, limits: Limits) -> Temperatures:
    """Drop what is older than the newest temperature that is a whole span old, or than the longest gap."""
    drop = 0
    oldest_needed = at - limits.rise_span_ms
    for when, _ in temperatures[1:]:
        if when > oldest_needed:
            break
        drop += 1
    if temperatures and at - temperatures[drop][0] > limits.gap_ms:
        drop += 1
    return temperatures[drop:] if drop else temperatures
