"""Obscuration as payloads tell it, brought to optical density in m⁻¹, or refused."""

from chassis.errors import InvalidMessageError
from fire_safety.detection.units import from_percent_per_metre

_ALL = 100.0
# Where no light comes through any more, the density is at least this one's (4 m⁻¹): a meter at its end is no fault.
_OPAQUE = 99.99


def from_percent(percent: float) -> float:
    """Convert %/m."""
    if percent > _ALL:
        raise InvalidMessageError("out_of_range")
    return from_percent_per_metre(min(percent, _OPAQUE))


def from_fraction(fraction: float) -> float:
    """Convert the obscured fraction of a metre."""
    return from_percent(fraction * _ALL)
