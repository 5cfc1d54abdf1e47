"""What one detector keeps until the platform has acknowledged it."""

from collections import deque
from dataclasses import dataclass, field

from simulator.fleet.sensor import Sample

# Twenty minutes of a mains detector, two hours of a battery detector.
CAPACITY = 120


@dataclass
class Mailbox:
    """Samples in order; one batch at a time is under way, the rest waits behind it.

    A batch under way is never changed, so that sending it again is the same message and the
    platform can tell. Beyond `CAPACITY` the oldest waiting samples are dropped and counted.
    """

    under_way: tuple[Sample, ...] = ()
    dropped: int = 0
    _waiting: deque[Sample] = field(default_factory=deque)

    def add(self, sample: Sample) -> None:
        """Keep one more sample."""
        self._waiting.append(sample)
        if len(self._waiting) > CAPACITY:
            self._waiting.popleft()
            self.dropped += 1

    def take(self) -> tuple[Sample, ...]:
        """Return the batch to send now: the one under way, else all that waits; may be empty."""
        if not self.under_way:
            self.under_way = tuple(self._waiting)
            self._waiting.clear()
        return self.under_way

    def acknowledge(self, at_ms: int) -> int:
        """Forget the batch under way if it ends at that device time; return its length, else 0.

        An answer to an earlier sending of an earlier batch says nothing about this one.
        """
        if not self.under_way or self.under_way[-1].at_ms != at_ms:
            return 0
        count = len(self.under_way)
        self.under_way = ()
        return count

    def __len__(self) -> int:
        """Count what is kept, under way or waiting."""
        return len(self.under_way) + len(self._waiting)
