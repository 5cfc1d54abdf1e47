"""Readings that came behind newer ones, in the order of the device's clock, in whatever order they came.

What a gateway kept it may send newest first, or mixed up, one reading a message, and two gateways may send what they
kept at once. So the last of these readings stay known, each with what the device had shown up to it: one that comes
later and belongs between them takes its place, and those behind it are looked at again, until nothing changes or they
are too far away. Readings that come in their order are looked at once, like live ones.
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
# While carbon monoxide was taken up there is more to look back on: 140 minutes at 35 ppm, a reading a minute.
GAS_CAPACITY = 160
# The share of a dose that counts as taken up: one reading of a car's exhaust is less, and a dose halves for ever.
_TAKEN_UP = 0.01
# Up to so far apart the times of EN 50291 are met by readings of carbon monoxide (the profile's source): those that
# are closer together are the first to go.
_GAS_STEP_MS = 60_000
# As many on either side of what came belong to it, however long ago they came.
_BESIDE = 8
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
    run, before = _bounded((*run, Kept(reading, window)), before, len(run))
    return Placed(Late(run, before, reading.received_ms), window)


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
        if _observed_ms(known) - window.newest_ms > limits.apart_ms:
            break
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
    """Let go of what is too much; `place` is where something came."""
    if len(run) <= CAPACITY:
        return run, before
    gas = any(one.window.dose >= _TAKEN_UP for one in run)
    while len(run) > (GAS_CAPACITY if gas else CAPACITY):
        gone = _least_needed(run, place, gas=gas)
        before = before if gone else run[0].window
        run = run[:gone] + run[gone + 1 :]
        place -= gone < place
    return run, before


def _least_needed(run: Sequence[Kept], place: int, *, gas: bool) -> int:
    """Find what came first, of one message what is farthest from what came now, and nothing beside that.

    So of two backlogs that come by turns neither is let go for the other. Carbon monoxide is thinned before.
    """
    if place == len(run) - 1 and _received_ms(run[0]) <= _received_ms(run[1]):
        return 0
    far = [n for n in range(len(run)) if abs(n - place) > _BESIDE]
    crowded = [n for n in far if _is_crowded(run, n)] if gas else []
    return min(crowded or far, key=lambda n: (_received_ms(run[n]), -abs(n - place)))


def _is_crowded(run: Sequence[Kept], n: int) -> bool:
    """Tell whether those beside a reading are near enough to each other without it."""
    if not 0 < n < len(run) - 1:
        return False
    return _observed_ms(run[n + 1]) - _observed_ms(run[n - 1]) <= _GAS_STEP_MS


def _received_ms(one: Kept) -> int:
    return one.reading.received_ms


def _observed_ms(one: Kept) -> int:
    return one.reading.observed_ms
