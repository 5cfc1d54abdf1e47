"""Which readings of a device have been taken in before."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from fire_safety.domain.readings.reading import Reading

# As many as one message may hold, so that a message sent twice is known again.
CAPACITY = 1024
# A device without a clock sends one reading a message; it counts anew after a restart, so an old number tells nothing.
_NUMBERED = 64
_REPEATED_WITHIN_MS = 600_000


class Recent:
    """Remembers the observation times of a device's latest readings; with the device they identify a reading.

    The times are kept in order, so that a flood of late readings costs a search each and not a scan. Many clocks count
    whole seconds, in which two things may happen: a reading of a known time is no repeat if it declares what none of
    that time did. A device without a clock is observed when it is received: its readings are known again by its own
    count, if they say the same.
    """

    __slots__ = ("_declared", "_numbered", "_times")

    def __init__(self) -> None:
        self._times = array("q")
        # What was declared by time, where anything was.
        self._declared: dict[int, int] | None = None
        self._numbered: dict[int, Reading] | None = None

    def is_new(self, reading: Reading) -> bool:
        """Enter a reading; False if it is remembered."""
        observed_ms = reading.observed_ms
        if reading.sequence is not None and observed_ms == reading.received_ms:
            return self._is_new_number(reading, reading.sequence)
        times = self._times
        # So it is nearly always.
        if not times or observed_ms > times[-1]:
            times.append(observed_ms)
        elif not self._is_between(observed_ms):
            return self._declares_more(reading)
        if reading.conditions:
            self._declares_more(reading)
        if len(times) >= 2 * CAPACITY:
            del times[:CAPACITY]
            self._forget_declared()
        return True

    def knows(self, reading: Reading) -> bool:
        """Tell whether a reading with a time of its own is remembered, and enter nothing."""
        times = self._times
        place = bisect_left(times, reading.observed_ms)
        return place < len(times) and times[place] == reading.observed_ms

    def are_new(self, times: Sequence[int]) -> bool:
        """Enter times that are in order, the first after all that are remembered; False if it is not."""
        known = self._times
        if known and times[0] <= known[-1]:
            return False
        known.extend(times)
        if len(known) >= 2 * CAPACITY:
            del known[:-CAPACITY]
            self._forget_declared()
        return True

    def _is_between(self, observed_ms: int) -> bool:
        """Enter a time among the others; False if it is one of them."""
        times = self._times
        place = bisect_left(times, observed_ms)
        if times[place] == observed_ms:
            return False
        times.insert(place, observed_ms)
        return True

    def _declares_more(self, reading: Reading) -> bool:
        """Enter what a reading declares; False if that was declared at its time."""
        declared = self._declared = {} if self._declared is None else self._declared
        before = declared.get(reading.observed_ms, 0)
        if not reading.conditions & ~before:
            return False
        declared[reading.observed_ms] = before | reading.conditions
        return True

    def _forget_declared(self) -> None:
        if self._declared:
            oldest = self._times[0]
            self._declared = {at: bits for at, bits in self._declared.items() if at >= oldest}

    def _is_new_number(self, reading: Reading, sequence: int) -> bool:
        numbered = self._numbered = {} if self._numbered is None else self._numbered
        before = numbered.pop(sequence, None)
        numbered[sequence] = before if before and _repeats(reading, before) else reading
        if len(numbered) > _NUMBERED:
            del numbered[next(iter(numbered))]
        return numbered[sequence] is reading


def _repeats(reading: Reading, before: Reading) -> bool:
    lately = 0 <= reading.received_ms - before.received_ms <= _REPEATED_WITHIN_MS
    return lately and reading[2:] == before[2:]
