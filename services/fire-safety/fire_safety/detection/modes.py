"""Test and disablement as detection sees them: for a while what a device gives is recorded and counts for nothing."""

from collections.abc import Iterable
from typing import NamedTuple

from fire_safety.domain.alarms.alarm import Suppression


class Mode(NamedTuple):
    """Why a device is suppressed, since when and until when; milliseconds by the broker's clock."""

    why: Suppression
    until_ms: int
    since_ms: int = 0

    def is_in_force(self, at_ms: int) -> bool:
        """Tell whether it is in force at a time."""
        return self.since_ms <= at_ms < self.until_ms


def why_suppressed(modes: Iterable[Mode], at_ms: int) -> Suppression | None:
    """Tell why what a device gives at a time counts for nothing, if so; a disablement goes before a test."""
    found = {one.why for one in modes if one.is_in_force(at_ms)}
    return Suppression.DISABLED if Suppression.DISABLED in found else next(iter(found), None)
