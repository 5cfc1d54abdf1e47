"""A device's clock that is behind what it has shown: set back, or read from what was kept.

Nothing in one old reading tells the two apart. A clock that was set back goes on like any clock: as much later as one
reading is received than another, so much later it was observed, while what was kept comes as fast as it can be sent.
So a clock counts as set back once several messages in a row, over longer than the device ever pauses, have been
behind by the same; anything that is not behind begins this anew.
"""

from typing import NamedTuple

from fire_safety.detection.limits import Limits
from fire_safety.domain.readings.reading import Reading


class Behind(NamedTuple):
    """Messages in a row that were behind by the same, in milliseconds.

    `since_ms` is when the first was received, by the broker's clock, `lag_ms` how long before that it was observed;
    `received_ms` and `last_lag_ms` are those of the newest. `agreeing` counts those behind the first.
    """

    since_ms: int
    lag_ms: int
    received_ms: int
    last_lag_ms: int
    agreeing: int


def followed(behind: Behind | None, reading: Reading, limits: Limits) -> Behind:
    """Add a reading that is behind; of one message the newest reading counts, which comes last."""
    at, lag = reading.received_ms, reading.received_ms - reading.observed_ms
    if behind is None or at - behind.received_ms > limits.gap_ms or at < behind.received_ms:
        return Behind(at, lag, at, lag, 0)
    if at == behind.since_ms:
        return Behind(at, lag, at, lag, 0)
    if at == behind.received_ms:
        return behind._replace(last_lag_ms=lag)
    if not _agrees(behind, limits):
        # The message before this one was behind by something else than the first: it is the first itself.
        return Behind(behind.received_ms, behind.last_lag_ms, at, lag, 1)
    return behind._replace(received_ms=at, last_lag_ms=lag, agreeing=behind.agreeing + 1)


def was_set_back(behind: Behind, limits: Limits) -> bool:
    """Tell whether it has gone on for long enough to be the device's clock."""
    lasted = behind.received_ms - behind.since_ms >= limits.settle_ms
    return lasted and behind.agreeing >= limits.confirming and _agrees(behind, limits)


def _agrees(behind: Behind, limits: Limits) -> bool:
    return abs(behind.last_lag_ms - behind.lag_ms) <= limits.steady_ms
