"""Carbon monoxide by dose: how much of what makes an alarm has been taken up; 1 alarms.

At a constant concentration the dose grows evenly and reaches 1 after the time of the curve. Below the curve nothing is
taken up and what was leaves by half-lives. More carbon monoxide never alarms later: uptake grows with it, and what
leaves is a share of what is there.
"""

import math
from bisect import bisect_right
from typing import NamedTuple

from fire_safety.domain.profiles.profile import CoLimits

_MS_PER_MINUTE = 60_000


class Curve(NamedTuple):
    """Logarithms of the points' concentrations (ppm) and of the uptake at them (per ms), and the half-life in ms."""

    lowest: float
    concentrations: tuple[float, ...]
    uptakes: tuple[float, ...]
    half_life_ms: float


def curve_of(limits: CoLimits) -> Curve:
    """Prepare a profile's curve."""
    return Curve(
        lowest=limits.curve[0].ppm,
        concentrations=tuple(math.log(one.ppm) for one in limits.curve),
        uptakes=tuple(-math.log(one.minutes * _MS_PER_MINUTE) for one in limits.curve),
        half_life_ms=limits.half_life_min * _MS_PER_MINUTE,
    )


def dose_after(dose: float, ppm: float, elapsed_ms: int, curve: Curve) -> float:
    """Add what was taken up, or take away what left, while the air was as it is found now.

    More than an alarm needs is not kept, so that how long it takes to recover is bounded.
    """
    if ppm >= curve.lowest:
        return min(dose + elapsed_ms * _uptake(ppm, curve), 1.0)
    # Nearly always there is none.
    return dose * 0.5 ** (elapsed_ms / curve.half_life_ms) if dose else 0.0


def _uptake(ppm: float, curve: Curve) -> float:
    """Read the curve, straight on logarithmic scales, the last stretch going on for ever."""
    at = math.log(ppm)
    known, uptakes = curve.concentrations, curve.uptakes
    n = min(bisect_right(known, at), len(known) - 1)
    share = (at - known[n - 1]) / (known[n] - known[n - 1])
    return math.exp(uptakes[n - 1] + share * (uptakes[n] - uptakes[n - 1]))
