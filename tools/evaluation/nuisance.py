"""SYNTHETIC traces of what is no fire, from seeds: cooking, steam, dust, and clean air to compare them with.

Nobody measured these. Their shapes follow what is known of such aerosols (bursts that rise and fade, sharp peaks with
warm air, single samples and slow drift), their numbers are our own. They show how profiles differ; no rate of false
alarms in any home follows from them.
"""

import math
from collections.abc import Callable, Iterator
from random import Random

from evaluation.traces import CLEAN_AIR, Label, Trace, reading

_STEP_S = 2
_ROOM_C = 26.0
_NOISE_M1 = 0.0005
_HALF_HOUR_S = 1800
_SIX_HOURS_S = 6 * 3600

# A peak: when it begins, how high it is, and how many seconds it rises and fades.
_Peak = tuple[float, float, float, float]


def nuisances(seeds: range) -> Iterator[Trace]:
    """Give one trace of each label for each seed; the same seed gives the same trace."""
    for label, make in _MAKERS.items():
        for seed in seeds:
            yield make(Random(f"{label} {seed}"), f"SYNTHETIC {label} {seed}")  # noqa: S311 - reproducible


def _cooking(random: Random, name: str) -> Trace:
    """Fry: bursts that rise within a minute and fade in minutes, in a room that slowly warms by a few degrees."""
    peaks = [
        (
            random.uniform(60, _HALF_HOUR_S - 300),
            min(random.lognormvariate(math.log(0.02), 0.6), 0.15),
            random.uniform(20, 60),
            random.uniform(60, 240),
        )
        for _ in range(random.randint(1, 5))
    ]
    warming = random.uniform(2, 6)
    return _trace(
        random, name, Label.COOKING, _HALF_HOUR_S, peaks, lambda at: warming * at / _HALF_HOUR_S
    )


def _steam(random: Random, name: str) -> Trace:
    """Open a bathroom door: sharp peaks that are gone within a minute, each with a breath of warm air."""
    peaks = [
        (
            random.uniform(60, _HALF_HOUR_S - 120),
            min(random.lognormvariate(math.log(0.05), 0.7), 0.5),
            random.uniform(4, 10),
            random.uniform(10, 40),
        )
        for _ in range(random.randint(1, 3))
    ]
    warmth = random.uniform(1, 5)
    breaths = [(begin, warmth, rise * 3, fade * 3) for begin, _, rise, fade in peaks]
    return _trace(random, name, Label.STEAM, _HALF_HOUR_S, peaks, lambda at: _sum(breaths, at))


def _dust(random: Random, name: str) -> Trace:
    """Stir up dust: single samples of any height, upon a drift of up to 0.012 m⁻¹ in six hours."""
    spikes = {random.randrange(0, _SIX_HOURS_S, _STEP_S) for _ in range(random.randint(5, 30))}
    drift = random.uniform(0.004, 0.012)
    heights = {at: random.uniform(0.05, 1.0) for at in sorted(spikes)}
    return _trace(
        random,
        name,
        Label.DUST,
        _SIX_HOURS_S,
        [],
        lambda at: math.sin(at / 3600),
        lambda at: drift * at / _SIX_HOURS_S + heights.get(int(at), 0.0),
    )


def _clean(random: Random, name: str) -> Trace:
    """Show nothing at all, for as long as the others."""
    return _trace(random, name, Label.CLEAN, _HALF_HOUR_S, [], lambda _: 0.0)


_MAKERS: dict[Label, Callable[[Random, str], Trace]] = {
    Label.COOKING: _cooking,
    Label.STEAM: _steam,
    Label.DUST: _dust,
    Label.CLEAN: _clean,
}


def _trace(
    random: Random,
    name: str,
    label: Label,
    length_s: int,
    peaks: list[_Peak],
    warmth: Callable[[float], float],
    more: Callable[[float], float] = lambda _: 0.0,
) -> Trace:
    readings = []
    for at in range(0, length_s, _STEP_S):
        density = CLEAN_AIR + _sum(peaks, at) + more(at) + random.gauss(0, _NOISE_M1)
        temperature = _ROOM_C + warmth(at) + random.gauss(0, 0.05)
        readings.append(reading(at, max(density, 0.0), temperature))
    return Trace(name, label, readings)


def _sum(peaks: list[_Peak], at: float) -> float:
    return sum(_height(peak, at) for peak in peaks)


def _height(peak: _Peak, at: float) -> float:
    """Rise linearly, then fade exponentially."""
    begin, height, rise, fade = peak
    age = at - begin
    if age <= 0:
        return 0.0
    return height * (age / rise if age < rise else math.exp(-(age - rise) / fade))
