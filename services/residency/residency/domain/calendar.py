"""Working days of the ward: Monday to Friday without public holidays, and what is decided anew each year.

Public holidays, Tết by the lunar calendar and compensatory days (Labour Code 45/2019/QH14 Art. 111(3), 112) come
from the library `holidays`. What the Government or the Prime Minister decides for a year (days of Tết, a Friday
off in exchange for a Saturday) is given as decided days, which go before both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache

from holidays import HolidayBase, country_holidays

_DAY = timedelta(days=1)


@cache
def _holidays(year: int) -> HolidayBase:
    # With its neighbours, since a Saturday of December is worked for a Friday of January.
    return country_holidays("VN", years=range(year - 1, year + 2))


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are working days; `decided` says so of single days, whatever the rule is."""

    decided: Mapping[date, bool] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Tell whether offices work on a day."""
        if day in self.decided:
            return self.decided[day]
        return _holidays(day.year).is_working_day(day)

    def after(self, day: date, working_days: int) -> date:
        """Tell the last day of a term of so many working days, at least one; `day` itself does not count.

        The first day of a term is the day after the event (Civil Code 91/2015/QH13 Art. 147(2)).
        """
        left = working_days
        while left:
            day += _DAY
            left -= self.is_working(day)
        return day

    def between(self, first: date, last: date) -> int:
        """Count the working days after `first` and before `last`."""
        days = range(1, (last - first).days)
        return sum(self.is_working(first + number * _DAY) for number in days)


@dataclass(frozen=True)
class ProcessingClock:
    """The term of a case as it runs: how many of its working days are used up, and by which day it must be decided.

    A working day counts if no moment of it is spent waiting for the citizen: neither the day on which the clock
    starts or is suspended, nor the day on which it goes on. `due_on` is None while the clock stands, unless the term
    was over before: who is late stays late.
    """

    term_days: int
    used_days: int
    running_since: date | None
    due_on: date | None

    @classmethod
    def start(cls, calendar: WorkingCalendar, term_days: int, day: date) -> "ProcessingClock":
        """Start the clock on a day."""
        return cls(term_days, 0, day, calendar.after(day, term_days))

    def suspend(self, calendar: WorkingCalendar, day: date) -> "ProcessingClock":
        """Stop the clock on the day on which the citizen is asked for something."""
        if self.running_since is None:
            return self
        used = self.used_days + calendar.between(self.running_since, day)
        due_on = self.due_on if used >= self.term_days else None
        return replace(self, used_days=used, running_since=None, due_on=due_on)

    def resume(self, calendar: WorkingCalendar, day: date) -> "ProcessingClock":
        """Let the clock go on from the day on which the citizen answered."""
        if self.running_since is not None:
            return self
        left = self.term_days - self.used_days
        due_on = calendar.after(day, left) if left > 0 else self.due_on
        return replace(self, running_since=day, due_on=due_on)
