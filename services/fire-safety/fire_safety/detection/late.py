"""Readings that came behind newer ones, in the order of the device's clock, in whatever order they came.

What a gateway kept it may send newest first, or mixed up, one reading a message. So the last of these readings stay
known, each with what the device had shown up to it: one that comes later and belongs between them takes its place,
and those behind it are looked at again, until nothing changes. Readings that come in their order are looked at once,
like live ones.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fire_safety.detection.criteria import Sign, measured_signs, shows_fire
from fire_safety.detection.limits import Limits
from fire_safety.detection.window import EMPTY, Window, is_calm, look
from fire_safety.domain.readings.reading import Reading

# The longest that the published profiles look back is a minute, for a rise of class R: of a device that reports every
# two seconds that takes 31 readings, and one more to confirm.
CAPACITY = 32
_NEVER = -1


class Kept(NamedTuple):
    """A reading, and what the device had shown up to it."""

    reading: Reading
    window: Window


class Late(NamedTuple):
    """What came late: the last readings of it, oldest first by the device's clock, no two of one time.

    `before` is what those had shown that are older and no longer kept. `received_ms` is when the last one came, by the
    broker's clock.
    """

    run: tuple[Kept, ...] = ()
    before: Window = EMPTY
    received_ms: int = _NEVER

    def shows_fire(self, limits: Limits) -> bool:
        """Tell whether the newest of the readings shows fire: what burned before it, and it shows no more, is over."""
        return bool(self.run) and shows_fire(self.run[-1].window, limits)


NONE_LATE = Late()


class Placed(NamedTuple):
    """What came late with one reading more, what was shown up to that one, and what others show only since it came."""

    late: Late
    window: Window
    revealed: Sequence[tuple[Reading, Sign]] = ()


def placed(late: Late, reading: Reading, clean_air: float, limits: Limits) -> Placed:
    """Put a late reading where it belongs.

    Newer than all, it goes on from what they showed. Any other one begins anew if none has come for as long as readings
    may be apart: what is sent then was kept at another time, or comes of another clock.
    """
    run, before = late.run, late.before
    last = run[-1].window if run else before
    if reading.observed_ms <= last.newest_ms:
        if reading.received_ms - late.received_ms <= limits.gap_ms:
            return _between(late, reading, clean_air, limits)
        run, before, last = (), EMPTY, EMPTY
    window = look(last, reading, clean_air, limits)
    if len(run) == CAPACITY:
        run, before = run[1:], run[0].window
    late = Late((*run, Kept(reading, window)), before, reading.received_ms)
    return Placed(late, window)


def _between(late: Late, reading: Reading, clean_air: float, limits: Limits) -> Placed:
    """Put a reading before or among the others, and look again at those behind it."""
    at, run = reading.observed_ms, late.run
    place = bisect_left(run, at, key=_observed_ms)
    head, tail = run[:place], run[place:]
    kept = reading
    if tail and _observed_ms(tail[0]) == at:
        # The second one of its time is new by what it declares (detection/recent.py); what was measured is known.
        known, tail = tail[0].reading, tail[1:]
        kept = known._replace(conditions=known.conditions | reading.conditions)
    # One that is older than what is no longer kept cannot go on from it.
    before = late.before if late.before.newest_ms < at else EMPTY
    window = look(head[-1].window if head else before, kept, clean_air, limits)
    behind, revealed = _looked_at_again(window, tail, clean_air, limits)
    run, before = _bounded((*head, Kept(kept, window), *behind), before, place)
    return Placed(Late(run, before, reading.received_ms), window, revealed)


def _looked_at_again(
    window: Window, tail: Sequence[Kept], clean_air: float, limits: Limits
) -> tuple[list[Kept], list[tuple[Reading, Sign]]]:
    """Look at readings behind another window; give them, and what they did not show before."""
    found: list[Kept] = []
    revealed: list[tuple[Reading, Sign]] = []
    for known in tail:
        window = look(window, known.reading, clean_air, limits)
        if window == known.window:
            break
        found.append(one := Kept(known.reading, window))
        revealed += [(one.reading, sign) for sign in _revealed(known, one, clean_air, limits)]
    return [*found, *tail[len(found) :]], revealed


def _revealed(before: Kept, after: Kept, clean_air: float, limits: Limits) -> Iterator[Sign]:
    """Tell what a reading shows now and did not show before, or not as surely; it was told once already."""
    if is_calm(after.window):
        return
    window, reading = before.window, before.reading
    known = {one.kind: one.certain for one in measured_signs(window, reading, clean_air, limits)}
    for sign in measured_signs(after.window, after.reading, clean_air, limits):
        if sign.certain > known.get(sign.kind, _NEVER):
            yield sign


def _bounded(run: tuple[Kept, ...], before: Window, place: int) -> tuple[tuple[Kept, ...], Window]:
    """Let go of the one at the end that is farther from the place of what came, if it is one too many."""
    if len(run) <= CAPACITY:
        return run, before
    if place < CAPACITY // 2:
        return run[:-1], before
    return run[1:], run[0].window


def _observed_ms(one: Kept) -> int:
    return one.reading.observed_ms
