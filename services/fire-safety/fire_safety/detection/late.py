"""Readings that came behind newer ones, in the order of the device's clock, in whatever order they came.

What a gateway kept it may send newest first, or mixed up, one reading a message, and two gateways may send what they
kept at once. So the last of these readings stay known, each with what the device had shown up to it: one that comes
later and belongs between them takes its place, and those behind it are looked at again, until nothing changes: once
for all that one message brings. Readings that come in their order are looked at once, like live ones.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
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
    """What came late with some readings more: the windows up to each of these, and what others show only since.

    `looked` is how many readings were looked at for it.
    """

    late: Late
    windows: Sequence[Window]
    revealed: Sequence[tuple[Reading, Sign]]
    looked: int


def placed(late: Late, readings: Sequence[Reading], clean_air: float, limits: Limits) -> Placed:
    """Put late readings of one message, oldest first, where they belong, and look once at all behind the first.

    Newer than all, they go on from what those showed. Any other one begins anew if none has come for as long as
    readings may be apart: what is sent then was kept at another time, or comes of another clock.
    """
    run, before, at = late.run, late.before, readings[0].observed_ms
    newest_ms = run[-1].window.newest_ms if run else before.newest_ms
    received_ms = readings[0].received_ms
    if at <= newest_ms and received_ms - late.received_ms > limits.gap_ms:
        run, before = (), EMPTY
    elif before.newest_ms >= at:
        # What is older than what is no longer kept cannot go on from it.
        before = EMPTY
    place = bisect_left(run, at, key=_observed_ms)
    head, merged = run[:place], _merged(run[place:], readings)
    window = head[-1].window if head else before
    behind, revealed, looked = _looked_at(window, merged, clean_air, limits)
    whole = (*head, *behind)
    places = [bisect_left(whole, one.observed_ms, key=_observed_ms) for one in readings]
    windows = [whole[n].window for n in places]
    kept, before = _bounded(whole, before, places[-1])
    return Placed(Late(kept, before, received_ms), windows, revealed, looked)


def _merged(known: Sequence[Kept], came: Sequence[Reading]) -> list[tuple[Reading, Window | None]]:
    """Put readings among known ones, oldest first, each known one with the window up to it."""
    merged: dict[int, tuple[Reading, Window | None]] = {
        one.reading.observed_ms: (one.reading, one.window) for one in known
    }
    for reading in came:
        at, new = reading.observed_ms, reading
        if at in merged:
            # The second one of its time is new by what it declares (detection/recent.py); what was measured is known.
            first = merged[at][0]
            new = first._replace(conditions=first.conditions | reading.conditions)
        merged[at] = (new, None)
    return [merged[at] for at in sorted(merged)]


def _looked_at(
    window: Window,
    merged: Iterable[tuple[Reading, Window | None]],
    clean_air: float,
    limits: Limits,
) -> tuple[list[Kept], list[tuple[Reading, Sign]], int]:
    """Look at what is new and, as long as windows change, at what is behind it.

    Give all of it, what known ones did not show before, and how many were looked at.
    """
    behind: list[Kept] = []
    revealed: list[tuple[Reading, Sign]] = []
    looked, is_as_known = 0, True
    for reading, known in merged:
        if known is not None and is_as_known:
            window = known
        else:
            window = look(window, reading, clean_air, limits)
            looked, is_as_known = looked + 1, window == known
            if known is not None and not is_as_known:
                signs = _revealed(reading, known, window, clean_air, limits)
                revealed += [(reading, sign) for sign in signs]
        behind.append(Kept(reading, window))
    return behind, revealed, looked


def _revealed(
    reading: Reading, before: Window, after: Window, clean_air: float, limits: Limits
) -> Iterator[Sign]:
    """Tell what a reading shows now and did not show before, or not as surely; it was told once already."""
    if is_calm(after):
        return
    known = {one.kind: one.certain for one in measured_signs(before, reading, clean_air, limits)}
    for sign in measured_signs(after, reading, clean_air, limits):
        if sign.certain > known.get(sign.kind, _NEVER):
            yield sign


def _bounded(run: tuple[Kept, ...], before: Window, place: int) -> tuple[tuple[Kept, ...], Window]:
    """Let go of what is too much; `place` is where something came last."""
    if len(run) <= CAPACITY:
        return run, before
    gas = any(one.window.dose >= _TAKEN_UP for one in run)
    excess = len(run) - (GAS_CAPACITY if gas else CAPACITY)
    if excess <= 0:
        return run, before
    gone = _least_needed(run, place, excess, gas=gas)
    oldest = next(n for n in range(len(run)) if n not in gone)
    before = run[oldest - 1].window if oldest else before
    return tuple(one for n, one in enumerate(run) if n not in gone), before


def _least_needed(run: Sequence[Kept], place: int, excess: int, *, gas: bool) -> set[int]:
    """Find what came first, of one message what is farthest from what came now, and nothing beside that.

    So of two backlogs that come by turns neither is let go for the other. Carbon monoxide is thinned before.
    """
    gone: set[int] = set()
    if place == len(run) - 1:
        # In their order the oldest goes.
        while len(gone) < excess and _received_ms(run[len(gone)]) <= _received_ms(
            run[len(gone) + 1]
        ):
            gone.add(len(gone))
    if len(gone) == excess:
        return gone
    far = [n for n in range(len(gone), len(run)) if abs(n - place) > _BESIDE]
    far.sort(key=lambda n: (_received_ms(run[n]), -abs(n - place)))
    crowded = _crowded(run, len(gone), far) if gas else iter(())
    gone.update(islice(crowded, excess - len(gone)))
    rest = (n for n in far if n not in gone)
    gone.update(islice(rest, excess - len(gone)))
    return gone


def _crowded(run: Sequence[Kept], first: int, candidates: Iterable[int]) -> Iterator[int]:
    """Tell which can go, one after the other, so that those beside each are near enough to each other without it."""
    older, newer = list(range(-1, len(run) - 1)), list(range(1, len(run) + 1))
    for n in candidates:
        before, behind = older[n], newer[n]
        if before < first or behind == len(run):
            continue
        if _observed_ms(run[behind]) - _observed_ms(run[before]) <= _GAS_STEP_MS:
            newer[before], older[behind] = behind, before
            yield n


def _received_ms(one: Kept) -> int:
    return one.reading.received_ms


def _observed_ms(one: Kept) -> int:
    return one.reading.observed_ms
