"""How often fire alarms were false, in numbers that can be added and compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fire_safety.domain.alarms.alarm import FALSE_DISPOSITIONS, Disposition

_DAYS_OF_A_YEAR = 365.25


class Grouping(StrEnum):
    """What false alarms are counted by."""

    DEVICE = "DEVICE"
    PREMISES = "PREMISES"


@dataclass(frozen=True)
class Outcomes:
    """Fire alarms that people reset within a period, by disposition, and the days that devices were there for it."""

    counts: Mapping[Disposition, int]
    device_days: float

    @property
    def alarms_reset(self) -> int:
        """Count all of them."""
        return sum(self.counts.values())

    @property
    def false_alarms(self) -> int:
        """Count the false ones."""
        return sum(self.counts.get(one, 0) for one in FALSE_DISPOSITIONS)

    @property
    def false_share(self) -> float | None:
        """Tell the share of false ones; None if none was reset."""
        return self.false_alarms / self.alarms_reset if self.alarms_reset else None

    @property
    def false_per_device_year(self) -> float | None:
        """Tell how many are false per year of one device; None without a device on the register."""
        return self.false_alarms * _DAYS_OF_A_YEAR / self.device_days if self.device_days else None


@dataclass(frozen=True)
class Rate:
    """Outcomes of one device (`device_id`) or, where that is empty, of one premises."""

    device_id: str
    premises_id: str
    outcomes: Outcomes

    @property
    def subject_id(self) -> str:
        """Tell what it is the rate of."""
        return self.device_id or self.premises_id


@dataclass(frozen=True)
class RateFilter:
    """Which alarms are counted: those reset from `begins_at` until before `ends_at`; empty premises are all."""

    grouping: Grouping
    begins_at: datetime
    ends_at: datetime
    premises_id: str


@dataclass(frozen=True)
class RatePosition:
    """The place of a rate in the list: most false alarms first, then by id."""

    false_alarms: int
    subject_id: str
