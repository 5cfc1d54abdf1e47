"""Reminders: what somebody should do soon because a day comes. They name no person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.clock import ward_day, ward_time


class ReminderKind(StrEnum):
    """What a reminder is about."""

    RENEWAL_OPEN = "RENEWAL_OPEN"
    TERM_ENDED = "TERM_ENDED"
    TENANCY_END = "TENANCY_END"
    LODGING_LIST = "LODGING_LIST"


@dataclass(frozen=True)
class Reminder:
    """A reminder that is due; `about` is what it is told of once a day: a registration, a dwelling or premises."""

    kind: ReminderKind
    about: str
    day: date
    registration_id: UUID | None = None
    case_number: str = ""
    dwelling_id: UUID | None = None
    premises_id: str = ""


@dataclass(frozen=True)
class ReminderTimes:
    """When reminders are due; each is a versioned row with its source.

    Renewal is open for the last `renewal_days` of a term. Of what ended more than `late_days` ago nobody is reminded.
    Lodging houses are asked for their list from `list_hour` of a day on, until `morning_hour` of the next, when the
    last who arrived that night have to be declared.
    """

    renewal_days: int
    late_days: int
    list_hour: int
    morning_hour: int

    def terms_ending(self, today: date) -> tuple[date, date]:
        """Tell the first and the last end of a term about which somebody is to be reminded today."""
        return today - timedelta(days=self.late_days), today + timedelta(days=self.renewal_days)

    def kind_of(self, ends_on: date, today: date) -> ReminderKind:
        """Tell what is said of a term that ends then: it is still to be renewed, or it has ended."""
        return ReminderKind.RENEWAL_OPEN if today < ends_on else ReminderKind.TERM_ENDED

    def list_day(self, now: datetime) -> date | None:
        """Tell the day whose guests lodging houses are asked for now; None between two of them.

        Also in the night: who was not asked in the evening, since the service was stopped, is asked while it helps.
        """
        today = ward_day(now)
        if now >= ward_time(today, self.list_hour):
            return today
        return today - timedelta(days=1) if now < ward_time(today, self.morning_hour) else None

    def list_period(self, day: date) -> tuple[datetime, datetime]:
        """Tell from when and until when guests that are declared are of that day's list."""
        return ward_time(day, self.morning_hour), ward_time(
            day + timedelta(days=1), self.morning_hour
        )
