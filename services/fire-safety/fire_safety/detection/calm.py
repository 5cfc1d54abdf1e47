"""Messages in which nothing happens, taken in one step: most of what a ward sends, most of the time.

It comes to exactly what folding the readings one by one comes to (detection/fold.py), or says that they must be: a
property of the tests. Only what is plainly calm qualifies: every value below every lower limit, nothing declared, no
gap, the newest of all, and runs that were calm long enough before.
"""

from bisect import bisect_left
from itertools import pairwise

from fire_safety.detection.fold import DeviceState
from fire_safety.detection.level import Level, Run, Side
from fire_safety.detection.limits import Limits
from fire_safety.detection.window import (
    KEPT_PER_SPAN,
    MS_PER_MINUTE,
    Temperatures,
    Window,
    kept,
)
from fire_safety.domain.columns import Stretch

_BELOW = Side.BELOW
# More than thousands of additions of optical densities, m⁻¹, can be rounded by.
_ROUNDED = 1e-9


def passed(state: DeviceState, stretch: Stretch, limits: Limits) -> DeviceState | None:
    """Give the state after a message; None if its readings must be folded one by one."""
    live = state.live
    if state.standings.now or not _is_plain(stretch, live, limits):
        return None
    cleanest = state.clean_air
    if stretch.density:
        cleanest = min(cleanest, max(stretch.density[0], 0.0))
    if not (
        _stays(live.smoke, stretch.density, cleanest, limits.smoke)
        and _stays(live.heat, stretch.temperature, 0.0, limits.heat)
        and _rises_little(live, stretch, limits)
    ):
        return None
    temperatures = live.temperatures
    if stretch.temperature and limits.heat and limits.rise:
        temperatures = _after(temperatures, stretch, limits)
    return DeviceState(
        live._replace(
            newest_ms=stretch.last_ms,
            received_ms=stretch.received_ms,
            temperatures=temperatures,
            conditions=0,
        ),
        state.late,
        state.standings,
        _clean_air(state, stretch, limits),
    )


def _is_plain(stretch: Stretch, live: Window, limits: Limits) -> bool:
    """Tell whether nothing is declared, measured low or missing, and all of it is new."""
    first = stretch.first_ms
    battery = stretch.battery
    return (
        not stretch.has_conditions
        and stretch.monoxide is None
        and live.newest_ms <= first <= live.newest_ms + limits.gap_ms
        and stretch.shortest_gap_ms > 0
        and stretch.longest_gap_ms <= limits.gap_ms
        and (battery is None or battery[0] >= limits.battery_low)
        and live.gas.side is not Side.ABOVE
    )


def _stays(run: Run, values: tuple[float, float] | None, zero: float, level: Level | None) -> bool:
    """Tell whether a run stays what it is: values below the lower limit, as they were for long enough."""
    if values is None or level is None:
        # Nothing is added to it; but what is above a limit is not calm.
        return run.side is not Side.ABOVE
    return run.side is _BELOW and run.readings >= level.readings and values[1] - zero < level.low


def _rises_little(live: Window, stretch: Stretch, limits: Limits) -> bool:
    """Tell whether no rise within what is kept and what comes is worth a limit, over the shortest span."""
    rise, temperature = limits.rise, stretch.temperature
    if temperature is None or limits.heat is None or rise is None:
        return live.rise.side is not Side.ABOVE
    if live.rise.side is not _BELOW or live.rise.readings < rise.readings:
        return False
    coldest = min((one for _, one in live.temperatures), default=temperature[0])
    risen = temperature[1] - min(coldest, temperature[0])
    return risen < rise.low * limits.rise_span_ms / MS_PER_MINUTE


def _after(temperatures: Temperatures, stretch: Stretch, limits: Limits) -> Temperatures:
    """Add those of the temperatures that are kept, and drop what is too old.

    Those in between drop nothing that the last does not: the gap is longer than the span (domain/profiles.py).
    """
    times, values = stretch.times, stretch.values("temperature")
    apart_ms = -(-limits.rise_span_ms // KEPT_PER_SPAN)
    at = bisect_left(times, temperatures[-1][0] + apart_ms) if temperatures else 0
    more = []
    while at < len(times):
        more.append((times[at], values[at]))
        at = bisect_left(times, times[at] + apart_ms, at + 1)
    return kept((*temperatures, *more), times[-1], limits)


def _clean_air(state: DeviceState, stretch: Stretch, limits: Limits) -> float:
    """Follow dust and ageing as `fold` does, reading by reading: none of them rises above a limit."""
    clean_air = state.clean_air
    if stretch.density is None or state.live.smoke.side is not _BELOW:
        return clean_air
    if stretch.density == (clean_air, clean_air):
        return clean_air
    times = pairwise((state.live.newest_ms, *stretch.times))
    rate, most = limits.clean_air_rise_per_ms, limits.clean_air_max
    rise = (stretch.last_ms - state.live.newest_ms) * rate
    if clean_air + rise + _ROUNDED < min(stretch.density[0], most):
        # It meets nothing on its way up; step by step, so that it is rounded alike.
        for before, at in times:
            clean_air += (at - before) * rate
        return clean_air
    for (before, at), density in zip(times, stretch.values("optical_density"), strict=True):
        # As fast as it may rise, or down at once.
        risen = min(clean_air + (at - before) * rate, most)
        clean_air = max(density, 0.0) if density <= clean_air else min(risen, density)
    return clean_air
