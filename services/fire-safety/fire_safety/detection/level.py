"""One measured value against two limits: how long, and how often in a row, it has been beyond one of them."""

from enum import IntEnum
from typing import NamedTuple


class Side(IntEnum):
    """Where a value lies: at or above the high limit, below the low one, or between them."""

    BELOW = -1
    BETWEEN = 0
    ABOVE = 1


class Level(NamedTuple):
    """Two limits with hysteresis, in the value's unit; times in milliseconds of the device's clock.

    The value alarms after `hold_ms` at or above `high` and is back to normal after `restore_ms` below `low`, both
    shown by at least `readings` in a row of which no two are more than `gap_ms` apart.
    """

    high: float
    low: float
    hold_ms: int
    restore_ms: int
    gap_ms: int
    readings: int


class Run(NamedTuple):
    """The readings in a row that were on one side: since when in milliseconds, and how many.

    Counted no further than needed, so that as long as nothing happens the run stays the same object.
    """

    side: Side
    since_ms: int
    readings: int


NO_RUN = Run(Side.BETWEEN, 0, 0)

_BELOW, _BETWEEN, _ABOVE = Side.BELOW, Side.BETWEEN, Side.ABOVE


def prolong(run: Run, value: float, at_ms: int, before_ms: int, level: Level) -> Run:
    """Add a value to the run, or begin another if it is on another side or comes after too long a gap.

    `before_ms` is the time of the reading before this one.
    """
    side = _ABOVE if value >= level.high else _BELOW if value < level.low else _BETWEEN
    if side is not run.side or at_ms - before_ms > level.gap_ms:
        return Run(side, at_ms, 1)
    return run if run.readings >= level.readings else Run(side, run.since_ms, run.readings + 1)


def alarms(run: Run, now_ms: int, level: Level) -> bool:
    """Tell whether the value has been high for long enough."""
    return run.side is _ABOVE and _confirmed(run, now_ms, level.hold_ms, level)


def restored(run: Run, now_ms: int, level: Level) -> bool:
    """Tell whether the value has been low for long enough."""
    return run.side is _BELOW and _confirmed(run, now_ms, level.restore_ms, level)


def _confirmed(run: Run, now_ms: int, duration_ms: int, level: Level) -> bool:
    return run.readings >= level.readings and now_ms - run.since_ms >= duration_ms
