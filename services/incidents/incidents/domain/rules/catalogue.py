"""The catalogue: what the rules in force say of each category and priority. Rows with source and first day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_day, ward_time
from chassis.errors import DomainError
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority

# What comes from detectors.
FIRE_ALARM = "fire_alarm"


class CategoryNotFoundError(DomainError):
    """The catalogue in force has no such category."""

    reason = "CATEGORY_NOT_FOUND"


class Reporter(StrEnum):
    """Who reports."""

    OFFICER = "officer"
    CITIZEN = "citizen"
    ANONYMOUS = "anonymous"


class ClockKind(StrEnum):
    """What a clock waits for: that the incident is taken on, or transferred, or resolved with an answer."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    TRANSFER = "TRANSFER"
    ANSWER = "ANSWER"


class ClockUnit(StrEnum):
    """How a clock counts: clock time, or working days of the ward."""

    MINUTES = "MINUTES"
    HOURS = "HOURS"
    WORKING_DAYS = "WORKING_DAYS"


@dataclass(frozen=True)
class Clock:
    """A term that begins when a report is received."""

    kind: ClockKind
    amount: int
    unit: ClockUnit
    effective_from: date
    source: str
    # How long before its end it is due soon, in its unit; None where that is not told.
    warn_before: int | None = None

    def due_at(self, received_at: datetime, calendar: WorkingCalendar) -> datetime:
        """Tell by when it must have happened.

        Of working days the day of receipt does not count, and the last day counts whole (Civil Code 91/2015/QH13
        Art. 147, 148): the term is over when the day after it begins.
        """
        match self.unit:
            case ClockUnit.MINUTES:
                return received_at + timedelta(minutes=self.amount)
            case ClockUnit.HOURS:
                return received_at + timedelta(hours=self.amount)
            case ClockUnit.WORKING_DAYS:
                last = calendar.after(ward_day(received_at), self.amount)
                return ward_time(last + timedelta(days=1))


@dataclass(frozen=True)
class Category:
    """A category in one version.

    `call_first` is an emergency number to call before anything is written, empty for none. Two incidents may be the
    same if they are `same_within_m` metres and `same_within` apart. Content and persons of a report are kept
    `retention_months` after the end of its incident.
    """

    code: str
    kind: IncidentKind
    name_vi: str
    name_en: str
    priority: Priority
    reporters: frozenset[Reporter]
    routed_to: str
    call_first: str
    same_within_m: int
    same_within: timedelta
    retention_months: int
    effective_from: date
    source: str
    clocks: tuple[Clock, ...] = ()


@dataclass(frozen=True)
class PriorityRule:
    """What a priority means; `acknowledge_within` is None where nobody is woken."""

    priority: Priority
    name_vi: str
    name_en: str
    acknowledge_within: timedelta | None
    effective_from: date
    source: str
