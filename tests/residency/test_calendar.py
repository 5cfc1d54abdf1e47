"""Working days, and the clock that uses them up."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.domain.calendar import ProcessingClock, WorkingCalendar

CALENDAR = WorkingCalendar()
DAY = timedelta(days=1)
DAYS = st.dates(date(2025, 12, 1), date(2027, 3, 1))


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(date(2026, 11, 21), id="Saturday"),
        pytest.param(date(2026, 9, 2), id="National Day"),
        pytest.param(date(2026, 2, 17), id="Tết by the lunar calendar"),
        pytest.param(date(2026, 4, 27), id="a Monday for the Kings' day on a Sunday"),
        pytest.param(date(2026, 8, 31), id="a Monday in exchange for a Saturday"),
    ],
)
def test_offices_are_closed(day: date) -> None:
    """On weekends, public holidays and the days that compensate for them."""
    assert not CALENDAR.is_working(day)


def test_a_saturday_is_worked_in_exchange() -> None:
    """As the Government decided for the National Day of 2026."""
    assert CALENDAR.is_working(date(2026, 8, 22))


def test_a_decided_day_goes_before_the_rule() -> None:
    """In both directions."""
    monday, sunday = date(2026, 11, 23), date(2026, 11, 22)
    decided = WorkingCalendar({monday: False, sunday: True})

    assert CALENDAR.is_working(monday)
    assert not decided.is_working(monday)
    assert decided.is_working(sunday)


def test_a_term_begins_on_the_day_after_and_skips_holidays() -> None:
    """Three working days from Friday 20 November 2026: Monday, Wednesday (Tuesday is a holiday), Thursday."""
    assert CALENDAR.after(date(2026, 11, 20), 3) == date(2026, 11, 26)


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
