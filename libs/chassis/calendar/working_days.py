"""Working days of the ward: Monday to Friday without public holidays, and what is decided anew each year.

Public holidays, Tết by the lunar calendar and compensatory days (Labour Code 45/2019/QH14 Art. 111(3), 112) come
from the library `holidays`. What the Government or the Prime Minister decides for a year (days of Tết, a Friday
off in exchange for a Saturday) is given as decided days, which go before both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from holidays import HolidayBase, country_holidays

_DAY = timedelta(days=1)
_SUNDAY = 7


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

    def is_day_off(self, day: date) -> bool:
        """Tell whether a day is a Sunday, a public holiday or decided to be off; Saturdays may be worked by shift."""
        if day in self.decided:
            return not self.decided[day]
        return day.isoweekday() == _SUNDAY or day in _holidays(day.year)

    def after(self, day: date, working_days: int) -> date:
        """Tell the last day of a term of so many working days, at least one; `day` itself does not count.

        The first day of a term is the day after the event (Civil Code 91/2015/QH13 Art. 147(2)).
        """
        left = working_days
        while left:
            day += _DAY
            left -= self.is_working(day)
        return day

    def ending(self, day: date) -> date:
        """Tell when a term in days ends whose last day this is: on the next working day if offices are closed then.

        Civil Code 91/2015/QH13 Art. 148(5).
        """
        return day if self.is_working(day) else self.after(day, 1)

    def between(self, first: date, last: date) -> int:
        """Count the working days after `first` and before `last`."""
        days = range(1, (last - first).days)
        return sum(self.is_working(first + number * _DAY) for number in days)

    def days_off(self, first: date, last: date) -> list[date]:
        """List the days off from `first` to `last`, both included."""
        days = (first + number * _DAY for number in range((last - first).days + 1))
        return [day for day in days if self.is_day_off(day)]
