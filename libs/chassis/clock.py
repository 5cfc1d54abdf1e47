"""The one place that reads the wall clock; everything else takes a clock as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Tell the current time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this module is the clock
