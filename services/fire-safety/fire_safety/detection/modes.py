"""Test and disablement as detection sees them: for a while what a device gives is recorded and counts for nothing."""

from typing import NamedTuple

from fire_safety.domain.alarms import Suppression


class Mode(NamedTuple):
    """Why a device is suppressed, since when and until when; milliseconds by the broker's clock."""

    why: Suppression
    until_ms: int
    since_ms: int = 0

    def is_in_force(self, at_ms: int) -> bool:
        """Tell whether it is in force at a time."""
        return self.since_ms <= at_ms < self.until_ms
