"""Deadlines: when they are due soon, over, paused and run on, and the reasons for which they may be paused.

Only a pause moves a due time. Merging, splitting and reopening do not: whoever reported waits all the while.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_day, ward_time
from chassis.errors import DomainError
from incidents.domain.rules.catalogue import Clock, ClockKind, ClockUnit
from incidents.domain.rules.priorities import Priority

_DAY = timedelta(days=1)


class ClocksPausedError(DomainError):
    """The clocks of the incident are paused already."""

    reason = "CLOCKS_PAUSED"


class ClocksNotPausedError(DomainError):
    """The clocks of the incident are not paused."""

    reason = "CLOCKS_NOT_PAUSED"


class PauseNotAllowedError(DomainError):
    """The catalogue allows no such reason for an incident of this category and priority."""

    reason = "PAUSE_NOT_ALLOWED"


class DueFilter(StrEnum):
    """Which deadlines are asked for."""

    OVERDUE = "OVERDUE"
    DUE_SOON = "DUE_SOON"


@dataclass(frozen=True)
class Deadline:
    """A term, and when what it waits for happened.

    `soon_at` is None where it is not told ahead; `paused_at` is since when its incident is paused, `stopped_at` when it
    was met or its incident ended.
    """

    kind: ClockKind
    unit: ClockUnit
    due_at: datetime
    soon_at: datetime | None = None
    paused_at: datetime | None = None
    met_at: datetime | None = None
    stopped_at: datetime | None = None

    def is_breached(self, now: datetime) -> bool:
        """Tell whether it was over before it stopped or was paused, or is now."""
        return (self.stopped_at or self.paused_at or now) > self.due_at

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether it runs and is over."""
        return self.stopped_at is None and self.paused_at is None and now > self.due_at

    def meet(self, now: datetime) -> "Deadline":
        """Stop it, since what it waits for has happened."""
        return replace(self, met_at=now, stopped_at=now)

    def run_on(self, now: datetime, calendar: WorkingCalendar) -> "Deadline":
        """Let it run with the time that was left when it was paused.

        Of working days the day of the pause counts, since it had begun to run, and the day on which it runs on does
        not, as the day of receipt does not (Civil Code 91/2015/QH13 Art. 147).
        """
        if self.paused_at is None:
            return self
        running = replace(self, paused_at=None)
        if self.unit is ClockUnit.WORKING_DAYS:
            lost = calendar.between(ward_day(self.paused_at), ward_day(now) + _DAY)
            return _working_days_later(running, lost, calendar) if lost else running
        return _later(running, now - self.paused_at)


def _later(deadline: Deadline, by: timedelta) -> Deadline:
    soon_at = deadline.soon_at and deadline.soon_at + by
    return replace(deadline, due_at=deadline.due_at + by, soon_at=soon_at)


def _working_days_later(deadline: Deadline, days: int, calendar: WorkingCalendar) -> Deadline:
    """Give it so many working days more: over when the day after the last begins, soon when one begins."""
    last = calendar.after(ward_day(deadline.due_at) - _DAY, days)
    soon_at = deadline.soon_at and ward_time(calendar.after(ward_day(deadline.soon_at), days))
    return replace(deadline, due_at=ward_time(last + _DAY), soon_at=soon_at)


def begin(clock: Clock, received_at: datetime, calendar: WorkingCalendar) -> Deadline:
    """Begin a clock of the catalogue."""
    due_at = clock.due_at(received_at, calendar)
    soon_at = None
    if clock.warn_before is not None:
        soon_at = _before(due_at, clock.warn_before, clock.unit, calendar)
    return Deadline(clock.kind, clock.unit, due_at, soon_at)


def _before(due_at: datetime, amount: int, unit: ClockUnit, calendar: WorkingCalendar) -> datetime:
    """Tell when so much is left; of working days when the first of them begins."""
    match unit:
        case ClockUnit.MINUTES:
            return due_at - timedelta(minutes=amount)
        case ClockUnit.HOURS:
            return due_at - timedelta(hours=amount)
        case ClockUnit.WORKING_DAYS:
            day, left = ward_day(due_at), amount
            while left:
                day -= _DAY
                left -= calendar.is_working(day)
            return ward_time(day)


@dataclass(frozen=True)
class Owed:
    """A deadline, the incident that goes on for it, and for which report it is owed: None for the incident itself."""

    deadline: Deadline
    incident_id: UUID
    report_id: UUID | None
    report_number: str

    @property
    def subject_id(self) -> UUID:
        """Name what it is owed for."""
        return self.report_id or self.incident_id


@dataclass(frozen=True)
class PauseReason:
    """Why clocks may be paused, in one version: which of them stop, and in which priorities of an incident."""

    category: str
    code: str
    name_vi: str
    name_en: str
    clocks: frozenset[ClockKind]
    priorities: frozenset[Priority]
    effective_from: date
    source: str

    def allows(self, priority: Priority) -> bool:
        """Tell whether an incident of this priority may be paused."""
        return bool(self.clocks) and priority in self.priorities


@dataclass(frozen=True)
class Pause:
    """A pause of an incident, by its place in the timeline; `resumed_at` is None while it lasts."""

    sequence: int
    reason: str
    paused_at: datetime
    paused_by: str
    resumed_at: datetime | None = None
    resumed_by: str = ""
