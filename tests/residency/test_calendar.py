"""The clock that uses working days up."""

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chassis.calendar.working_days import WorkingCalendar
from residency.domain.cases.calendar import ProcessingClock

CALENDAR = WorkingCalendar()
DAY = timedelta(days=1)
DAYS = st.dates(date(2025, 12, 1), date(2027, 3, 1))


def test_who_is_late_stays_late() -> None:
    """A supplement asked for after the due day gives no new term."""
    clock = ProcessingClock.start(CALENDAR, 1, date(2026, 11, 2))
    waiting = clock.suspend(CALENDAR, date(2026, 11, 9))

    assert waiting.due_on == clock.due_on == date(2026, 11, 3)
    assert waiting.resume(CALENDAR, date(2026, 11, 12)).due_on == clock.due_on


def test_the_clock_stands_once_and_goes_on_once() -> None:
    """To stop it again, or to start what runs, changes nothing."""
    clock = ProcessingClock.start(CALENDAR, 3, date(2026, 11, 2))
    waiting = clock.suspend(CALENDAR, date(2026, 11, 4))

    assert clock.resume(CALENDAR, date(2026, 11, 5)) is clock
    assert waiting.suspend(CALENDAR, date(2026, 11, 5)) is waiting


@dataclass(frozen=True)
class Course:
    """A case's course: the day it was accepted, and the days on which waiting began and ended, in order."""

    accepted_on: date
    waits: tuple[tuple[date, date], ...]


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Draw a course."""
    day = accepted_on = draw(DAYS)
    waits = []
    for _ in range(draw(st.integers(0, 4))):
        began = day + DAY * draw(st.integers(0, 6))
        day = began + DAY * draw(st.integers(0, 20))
        waits.append((began, day))
    return Course(accepted_on, tuple(waits))


def plainly_due(course: Course, term_days: int, decided: WorkingCalendar) -> date:
    """Count day by day the working days after acceptance that no waiting touches."""
    day, counted = course.accepted_on, 0
    while counted < term_days:
        day += DAY
        waited = any(began <= day <= ended for began, ended in course.waits)
        counted += decided.is_working(day) and not waited
    return day


@given(courses(), st.integers(1, 10), st.dictionaries(DAYS, st.booleans(), max_size=5))
def test_suspended_time_never_counts(
    course: Course, term_days: int, decided: dict[date, bool]
) -> None:
    """The due day is that of a plain count, however often and however long the citizen was waited for."""
    calendar = WorkingCalendar(decided)
    clock = ProcessingClock.start(calendar, term_days, course.accepted_on)
    for began, ended in course.waits:
        clock = clock.suspend(calendar, began).resume(calendar, ended)

    assert clock.due_on == plainly_due(course, term_days, calendar)
