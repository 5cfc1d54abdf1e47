"""Messages in which nothing happens, taken in one step: most of what a ward sends, most of the time.

It comes to exactly what folding the readings one by one comes to (detection/fold.py), or says that they must be: a
property of the tests. Only what is plainly calm qualifies: every value below every lower limit, nothing declared, the
newest of all, and nothing that stands. Of a message of one reading that one is folded.
"""

from bisect import bisect_left
from itertools import pairwise
from operator import itemgetter

from fire_safety.detection.fold import DeviceState, fold
from fire_safety.detection.level import NO_RUN, Level, Run, Side
from fire_safety.detection.limits import Limits
from fire_safety.detection.window import (
    KEPT_PER_SPAN,
    MS_PER_MINUTE,
    Temperatures,
    Window,
    kept,
)
from fire_safety.domain.readings.columns import Stretch

_ABOVE, _BELOW = Side.ABOVE, Side.BELOW
_DEGREES = itemgetter(1)
# More than thousands of additions of optical densities, m⁻¹, can be rounded by.
_ROUNDED = 1e-9


def passed(state: DeviceState, stretch: Stretch, limits: Limits) -> DeviceState | None:
    """Give the state after a message; None if its readings must be folded one by one."""
    if stretch.readings == 1:
        return _passed_alone(state, stretch, limits)
    live, clean_air = state.live, state.clean_air
    if state.standings.now or not _is_plain(stretch, live, limits):
        return None
    cleanest = clean_air
    if stretch.density:
        cleanest = min(cleanest, max(stretch.density[0], 0.0))
    smoke = _below(live, live.smoke, stretch, stretch.density, cleanest, limits.smoke)
    heat = _below(live, live.heat, stretch, stretch.temperature, 0.0, limits.heat)
    if smoke is None or heat is None:
        return None
    rise: Run | None = live.rise
    temperatures = live.temperatures
    if stretch.temperature and limits.heat and limits.rise:
        temperatures = kept(temperatures, stretch.first_ms, limits)
        rise = _risen_little(live.rise, temperatures, stretch, limits, limits.rise)
        temperatures = _after(temperatures, stretch, limits)
    if rise is None or rise.side is _ABOVE:
        return None
    if stretch.density and smoke.side is _BELOW:
        clean_air = _clean_air(clean_air, live, stretch, stretch.density, limits)
    window = Window(
        stretch.last_ms,
        stretch.received_ms,
        smoke,
        heat,
        rise,
        temperatures,
        live.gas,
        live.gas_ms,
        live.dose,
        0,
    )
    return DeviceState(window, state.late, state.standings, clean_air)


def _passed_alone(state: DeviceState, stretch: Stretch, limits: Limits) -> DeviceState | None:
    """Take a message of one reading: to fold that takes half as long as to see that nothing happens in it."""
    is_late = stretch.first_ms < state.live.newest_ms
    if stretch.has_conditions or is_late or state.standings.now:
        return None
    folded, told = fold(state, stretch.only, limits)
    return None if told else folded


def _is_plain(stretch: Stretch, live: Window, limits: Limits) -> bool:
    """Tell whether nothing is declared, measured low or missing within, and all of it is new."""
    battery = stretch.battery
    return (
        not stretch.has_conditions
        and stretch.monoxide is None
        and live.newest_ms <= stretch.first_ms
        and stretch.shortest_gap_ms > 0
        and stretch.longest_gap_ms <= limits.gap_ms
        and (battery is None or battery[0] >= limits.battery_low)
        and live.gas.side is not _ABOVE
    )


def _below(
    live: Window,
    run: Run,
    stretch: Stretch,
    values: tuple[float, float] | None,
    zero: float,
    level: Level | None,
) -> Run | None:
    """Tell what a run comes to with values below the lower limit; None if they are not, or it is above unmeasured."""
    if values is None or level is None:
        # Nothing is added to it; but what is above a limit is not calm.
        return None if run.side is _ABOVE else run
    if values[1] - zero >= level.low:
        return None
    if stretch.first_ms - live.newest_ms > level.gap_ms:
        run = NO_RUN
    return _prolonged(run, stretch.first_ms, stretch.readings, level)


def _prolonged(run: Run, first_ms: int, readings: int, level: Level) -> Run:
    """Add so many readings below the lower limit."""
    if run.side is not _BELOW:
        return Run(_BELOW, first_ms, min(readings, level.readings))
    if run.readings >= level.readings:
        return run
    return Run(_BELOW, run.since_ms, min(run.readings + readings, level.readings))


def _risen_little(
    run: Run, temperatures: Temperatures, stretch: Stretch, limits: Limits, level: Level
) -> Run | None:
    """Tell what the run of the rise comes to if none is worth a limit, even over the shortest span; None otherwise."""
    if run.side is _ABOVE:
        # It stays so until the next that is judged.
        return None
    coldest, warmest = stretch.temperature or (0.0, 0.0)
    oldest_ms = stretch.first_ms
    if temperatures:
        oldest_ms = temperatures[0][0]
        coldest = min(coldest, min(temperatures, key=_DEGREES)[1])
    if warmest - coldest >= level.low * limits.rise_span_ms / MS_PER_MINUTE:
        return None
    if run.side is _BELOW and run.readings >= level.readings:
        return run
    # Judged is what comes a span after the oldest that is kept.
    judged_ms = oldest_ms + limits.rise_span_ms
    if stretch.last_ms < judged_ms:
        return run
    if stretch.last_ms - oldest_ms > limits.gap_ms:
        # The oldest becomes too old on the way, and then none is judged until another is a span old.
        return None
    times = stretch.times
    begin = bisect_left(times, judged_ms)
    return _prolonged(run, times[begin], len(times) - begin, level)


def _after(temperatures: Temperatures, stretch: Stretch, limits: Limits) -> Temperatures:
    """Add those of the temperatures that are kept, and drop what is too old.

    Those in between drop nothing that the last does not: the gap is longer than the span (domain/profiles/profile.py).
    """
    apart_ms = _apart_ms(limits)
    next_ms = temperatures[-1][0] + apart_ms if temperatures else stretch.first_ms
    if next_ms > stretch.last_ms:
        return kept(temperatures, stretch.last_ms, limits)
    times, values = stretch.times, stretch.temperatures
    at, more = bisect_left(times, next_ms), []
    while at < len(times):
        more.append((times[at], values[at]))
        at = bisect_left(times, times[at] + apart_ms, at + 1)
    return kept((*temperatures, *more), times[-1], limits)


def _apart_ms(limits: Limits) -> int:
    """Tell how far temperatures that are kept are apart at least."""
    return -(-limits.rise_span_ms // KEPT_PER_SPAN)


def _clean_air(
    clean_air: float, live: Window, stretch: Stretch, bounds: tuple[float, float], limits: Limits
) -> float:
    """Follow dust and ageing as `fold` does, reading by reading: none of them rises above a limit."""
    if bounds == (clean_air, clean_air):
        return clean_air
    rate, most, first = limits.clean_air_rise_per_ms, limits.clean_air_max, stretch.first_ms
    # Over a gap it rises no longer than over the longest that is none, and before the first reading not at all.
    since = max(live.newest_ms, first - limits.gap_ms) if live.newest_ms >= 0 else first
    times = pairwise((since, *stretch.times))
    if clean_air + (stretch.last_ms - since) * rate + _ROUNDED < min(bounds[0], most):
        # It meets nothing on its way up; step by step, so that it is rounded alike.
        for before, at in times:
            clean_air += (at - before) * rate
        return clean_air
    for (before, at), density in zip(times, stretch.densities, strict=True):
        # As fast as it may rise, or down at once.
        risen = min(clean_air + (at - before) * rate, most)
        clean_air = max(density, 0.0) if density <= clean_air else min(risen, density)
    return clean_air
