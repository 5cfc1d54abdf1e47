"""How spans are cut into buckets."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FieldInvalidError
from fire_safety.domain.readings.charts import HOUR, ORIGIN, ChartRequest, buckets, check_span

NOW = datetime(2026, 11, 23, 2, 14, 7, tzinfo=UTC)
YEARS = timedelta(days=1827)
NO_LIMIT = timedelta()


def span(length: timedelta, points: int = 300, start: datetime = NOW) -> ChartRequest:
    """Ask for a span."""
    return ChartRequest("d", start, start + length, points)


@pytest.mark.parametrize(
    ("length", "width"),
    [
        (timedelta(minutes=4), timedelta(seconds=1)),
        (timedelta(hours=1), timedelta(seconds=30)),
        (timedelta(days=1), timedelta(minutes=5)),
        (timedelta(days=7), timedelta(hours=1)),
        (timedelta(days=365), timedelta(days=7)),
        (YEARS, timedelta(days=7)),
    ],
)
def test_buckets_are_round(length: timedelta, width: timedelta) -> None:
    """Widths that people name; the narrowest that gives few enough."""
    assert buckets(span(length), NO_LIMIT)[2] == width


def test_days_begin_at_midnight_in_the_ward() -> None:
    """And weeks on Monday."""
    begin, end, width = buckets(span(timedelta(days=200)), NO_LIMIT)
    assert (width, begin.hour, end.hour) == (timedelta(days=1), 17, 17)

    begin, _, width = buckets(span(YEARS), NO_LIMIT)
    assert (width, (begin + timedelta(hours=7)).weekday()) == (timedelta(days=7), 0)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds have none
    st.timedeltas(timedelta(microseconds=1), YEARS),
    st.integers(2, 1000),
    st.sampled_from([NO_LIMIT, HOUR]),
)
def test_whole_buckets_cover_the_span(
    start: datetime, length: timedelta, points: int, shortest: timedelta
) -> None:
    """All of it, with at most as many as asked for, at places that do not depend on the span."""
    request = span(length, points, start)
    begin, end, width = buckets(request, shortest)

    assert begin <= request.start < begin + width
    assert end - width < request.end <= end
    assert (end - begin) / width <= points
    assert width >= shortest
    assert (begin - ORIGIN) % width == timedelta()


@pytest.mark.parametrize("length", [timedelta(), -HOUR, YEARS + timedelta(microseconds=1)])
def test_an_impossible_span_is_refused(length: timedelta) -> None:
    """Reversed, empty, or longer than anything is kept."""
    with pytest.raises(FieldInvalidError):
        check_span(span(length), YEARS)
