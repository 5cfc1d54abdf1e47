"""The term of a case in working days."""

from dataclasses import dataclass, replace
from datetime import date

from chassis.calendar.working_days import WorkingCalendar


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
