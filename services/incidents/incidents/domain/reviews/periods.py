"""Periods of the ward's calendar: months and years, and the reviews of the plan, which are data."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chassis.clock import ward_time
from chassis.errors import DomainError

_MONTH_OR_YEAR = re.compile(r"(20\d\d)(?:-(0[1-9]|1[0-2]))?", re.ASCII)
_CALENDAR = "the calendar"


class PeriodNotFoundError(DomainError):
    """There is no such month, year or review."""

    reason = "PERIOD_NOT_FOUND"


@dataclass(frozen=True)
class Period:
    """A period from the beginning of its first day to the end of its last one."""

    code: str
    name_vi: str
    name_en: str
    first_day: date
    last_day: date
    source: str = _CALENDAR

    @property
    def begins_at(self) -> datetime:
        """The instant at which it begins."""
        return ward_time(self.first_day)

    @property
    def ends_at(self) -> datetime:
        """The instant at which it is over."""
        return end_of(self.last_day)


def end_of(day: date) -> datetime:
    """Tell the instant at which a day is over."""
    return ward_time(day + timedelta(days=1))


def month_of(day: date) -> Period:
    """Give the month of a day."""
    year, month = day.year, day.month
    last = monthrange(year, month)[1]
    return Period(
        f"{year}-{month:02}",
        f"Tháng {month} năm {year}",
        f"{year}-{month:02}",
        date(year, month, 1),
        date(year, month, last),
    )


def year_of(day: date) -> Period:
    """Give the year of a day."""
    year = day.year
    return Period(f"{year}", f"Năm {year}", f"{year}", date(year, 1, 1), date(year, 12, 31))


def month_or_year(code: str) -> Period | None:
    """Read `2026-11` or `2026`; None for anything else."""
    said = _MONTH_OR_YEAR.fullmatch(code)
    if said is None:
        return None
    year, month = said.groups()
    return month_of(date(int(year), int(month), 1)) if month else year_of(date(int(year), 1, 1))
