"""Which readings of a device have been taken in before."""

from array import array
from bisect import bisect_left

# As many as one message may hold, so that a message sent twice is known again.
CAPACITY = 1024


class Recent:
    """Remembers the observation times of a device's latest readings; with the device they identify a reading.

    The times are kept in order, so that a flood of late readings costs a search each and not a scan.
    """

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times = array("q")

    def is_new(self, observed_ms: int) -> bool:
        """Enter a time; False if it is remembered."""
        times = self._times
        place = bisect_left(times, observed_ms)
        if place < len(times) and times[place] == observed_ms:
            return False
        times.insert(place, observed_ms)
        if len(times) >= 2 * CAPACITY:
            del times[:CAPACITY]
        return True
