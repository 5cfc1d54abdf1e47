"""Charts of what a device measured: few points, whatever the span."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, count

from chassis.errors import FieldInvalidError
from chassis.rules import Rule

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)

# A Monday's midnight in the ward: longer buckets begin with its days and weeks.
ORIGIN = datetime(2000, 12, 31, 17, tzinfo=UTC)
_SECONDS = (1, 10, 30, 60, 300, 600, 1800)
_HOURS = (1, 2, 3, 6, 12, 24)


@dataclass(frozen=True)
class ChartRequest:
    """A device, a span from `start` to before `end`, and how many points at most, two or more."""

    device_id: str
    start: datetime
    end: datetime
    points: int


@dataclass(frozen=True)
class Measured:
    """What several values of one measure come to, in its unit."""

    minimum: float
    average: float
    maximum: float


@dataclass(frozen=True)
class ChartPoint:
    """One reading, or the readings of a bucket that begins at `at`; what was not measured is None.

    `conditions` are those that any of the readings told. `received_at` is that of one reading.
    """

    at: datetime
    readings: int
    conditions: int
    optical_density: Measured | None
    temperature: Measured | None
    carbon_monoxide: Measured | None
    battery_min: float | None
    received_at: datetime | None = None


@dataclass(frozen=True)
class Chart:
    """Points in order of time. `bucket` is None where each is one reading; a bucket without readings is no point."""

    points: list[ChartPoint]
    bucket: timedelta | None


def check_span(request: ChartRequest, longest: timedelta) -> None:
    """Refuse a span that is reversed, or longer than anything is kept."""
    if request.end <= request.start:
        raise FieldInvalidError("ends_at", Rule("sau begins_at", "after begins_at"))
    if request.end - request.start > longest:
        raise FieldInvalidError(
            "ends_at",
            Rule(
                f"không quá {longest.days} ngày sau begins_at",
                f"at most {longest.days} days after begins_at",
            ),
        )


def buckets(request: ChartRequest, shortest: timedelta) -> tuple[datetime, datetime, timedelta]:
    """Cut the span into whole buckets, none shorter than `shortest`; tell begin, end and width.

    Buckets begin at round times, so that a chart that is moved shows the same ones.
    """
    for width in _widths():
        begin, end = _floor(request.start, width), -_floor_negative(request.end, width)
        if width >= shortest and (end - begin) <= width * request.points:
            return ORIGIN + begin, ORIGIN + end, width
    raise AssertionError  # pragma: no cover - widths never end


def _widths() -> Iterator[timedelta]:
    seconds = (timedelta(seconds=one) for one in _SECONDS)
    hours = (timedelta(hours=one) for one in _HOURS)
    return chain(seconds, hours, (WEEK * one for one in count(1)))


def _floor(moment: datetime, width: timedelta) -> timedelta:
    """Tell when the bucket with a moment begins, since the origin."""
    return (moment - ORIGIN) // width * width


def _floor_negative(moment: datetime, width: timedelta) -> timedelta:
    return (ORIGIN - moment) // width * width
