"""Working days of the ward."""

from datetime import date

import pytest

from chassis.calendar.working_days import WorkingCalendar

CALENDAR = WorkingCalendar()


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


def test_a_term_in_days_that_ends_on_a_day_off_ends_on_the_next_working_day() -> None:
    """Civil Code 91/2015/QH13 Art. 148(5): on a weekend, on a holiday, and on a Saturday that is worked."""
    assert CALENDAR.ending(date(2026, 11, 23)) == date(2026, 11, 23)
    assert CALENDAR.ending(date(2026, 11, 22)) == date(2026, 11, 23)
    assert CALENDAR.ending(date(2026, 11, 24)) == date(2026, 11, 25)
    assert CALENDAR.ending(date(2026, 8, 22)) == date(2026, 8, 22)
