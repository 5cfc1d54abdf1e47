"""Dates that may lack the day or the month."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.domain.persons.partial_date import PartialDate, years_later


@pytest.mark.parametrize(
    ("text", "parts"),
    [("1950", (1950, None, None)), ("1950-02", (1950, 2, None)), ("1952-02-29", (1952, 2, 29))],
)
def test_a_date_is_read_as_precisely_as_it_is_written(
    text: str, parts: tuple[int, int | None, int | None]
) -> None:
    """Year, month or day."""
    assert PartialDate.parse(text) == PartialDate(*parts)


@pytest.mark.parametrize(
    "text",
    ["", "50", "1950-2", "1950-13", "1950-00", "1951-02-29", "1950-01-01T00", "0000", "19500101"],
)
def test_what_is_not_in_the_calendar_is_refused(text: str) -> None:
    """ValueError, whatever is wrong."""
    with pytest.raises(ValueError, match=r"."):
        PartialDate.parse(text)


def test_zero_parts_are_unknown() -> None:
    """As `google.type.Date` has them; a day needs its month."""
    assert PartialDate.of(1950, 0, 0) == PartialDate(1950)
    with pytest.raises(ValueError, match="day without a month"):
        PartialDate.of(1950, 0, 5)


@pytest.mark.parametrize(
    ("ours", "theirs", "agree"),
    [
        ("1950", "1950-07-03", True),
        ("1950-07", "1950-07-03", True),
        ("1950-08", "1950-07-03", False),
        ("1950-07-03", "1950-07-04", False),
        ("1951", "1950", False),
    ],
)
def test_dates_agree_as_precisely_as_both_know(ours: str, theirs: str, agree: bool) -> None:  # noqa: FBT001
    """What one side does not know cannot disagree."""
    first, second = PartialDate.parse(ours), PartialDate.parse(theirs)

    assert first.agrees_with(second) is agree
    assert second.agrees_with(first) is agree


@given(st.dates(), st.dates())
def test_full_dates_agree_only_with_themselves(first: date, second: date) -> None:
    """With every part known, agreement is equality."""
    ours = PartialDate(first.year, first.month, first.day)
    theirs = PartialDate(second.year, second.month, second.day)

    assert ours.agrees_with(theirs) == (first == second)


def test_29_february_becomes_1_march() -> None:
    """Where there is none; the calendar's last year is the last."""
    assert years_later(date(2024, 2, 29), 2) == date(2026, 3, 1)
    assert years_later(date(9999, 2, 28), 2) == date(9999, 2, 28)
