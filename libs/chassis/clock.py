"""The one place that reads the wall clock; everything else takes a clock as an argument. And the ward's calendar."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

Clock = Callable[[], datetime]

# Asia/Ho_Chi_Minh: without daylight saving time since 1975, so that no time zone data base is needed.
WARD_TIME = timezone(timedelta(hours=7))


def utc_now() -> datetime:
    """Tell the current time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this module is the clock


def ward_local(now: datetime) -> datetime:
    """Tell an instant as the ward's clocks show it."""
    return now.astimezone(WARD_TIME)


def ward_day(now: datetime) -> date:
    """Tell the ward's calendar day of an instant."""
    return ward_local(now).date()


def ward_time(day: date, hour: int = 0) -> datetime:
    """Tell the instant at which an hour of a ward's calendar day begins."""
    return datetime.combine(day, time(hour), WARD_TIME)
