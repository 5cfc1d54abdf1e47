"""Dates of which old records know only the year, or the year and the month."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as precisely as it is known; ValueError for a date that is not in the calendar."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        """Refuse a day without its month, and what no calendar has."""
        if self.month is None and self.day is not None:
            raise ValueError("a day without a month")
        date(
            self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day
        )

    @classmethod
    def of(cls, year: int, month: int, day: int) -> Self:
        """Make a date from parts where 0 means not known, as `google.type.Date` has them."""
        return cls(year, month or None, day or None)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
        parts = _ISO.fullmatch(text)
        if parts is None:
            raise ValueError("not YYYY, YYYY-MM or YYYY-MM-DD")
        return cls(*(int(part) if part else None for part in parts.groups()))  # type: ignore[arg-type] # the year is there

    @property
    def written(self) -> str:
        """The date as people write it, as far as it is known: `17/05/1990`, `05/1990` or `1990`."""
        parts = (self.day, self.month)
        return "/".join([*(f"{part:02d}" for part in parts if part), str(self.year)])

    @property
    def earliest(self) -> date:
        """The first day it can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    def agrees_with(self, other: "PartialDate") -> bool:
        """Tell whether both can mean the same day, compared as precisely as both know it."""
        return (
            self.year == other.year
            and (not self.month or not other.month or self.month == other.month)
            and (not self.day or not other.day or self.day == other.day)
        )


def years_later(day: date, years: int) -> date:
    """Tell the same day of the calendar so many years later, at most the calendar's last.

    29 February becomes 1 March where there is none.
    """
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def months_later(day: date, months: int) -> date:
    """Tell the same day of the month so many months later (earlier if negative), at most of the calendar's last year.

    Where there is none it is the first of the next month.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year, month=month + 1)
    except ValueError:
        return date(year, month + 2, 1)
