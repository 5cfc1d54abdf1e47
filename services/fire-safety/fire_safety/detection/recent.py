"""Which readings of a device have been taken in before."""

from array import array

# As many as one message may hold, so that a message sent twice is known again.
CAPACITY = 1024


class Recent:
    """Remembers the observation times of a device's latest readings; with the device they identify a reading."""

    __slots__ = ("_newest", "_times")

    def __init__(self) -> None:
        self._times = array("q")
        self._newest = -1

    def is_new(self, observed_ms: int) -> bool:
        """Enter a time; False if it is remembered."""
        if observed_ms > self._newest:
            self._newest = observed_ms
        elif observed_ms in self._times:
            return False
        self._times.append(observed_ms)
        if len(self._times) >= 2 * CAPACITY:
            del self._times[:CAPACITY]
        return True
