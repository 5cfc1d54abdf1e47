"""What many devices send in hours, as a bad network delivers it: in batches, some of them twice, out of order.

Every device observes each second, from the same moment on; the clean air of some is interrupted by one fire.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from fire_safety.domain.readings.reading import Condition
from tests.fire_safety.rooms import CLEAN, ROOM, SMOKE
from ward.fire_safety.v1 import readings_pb2 as pb

# As many readings as one message may hold, and how many a device sends at most.
BATCH = 1000
PER_DEVICE = 5000
_SECOND = 1000
# One in so many devices burns, for so many seconds.
_BURNING = 8
_FIRE_S = 120
# How often a message is delivered twice, and how far messages of a device may change places.
_TWICE = 0.2
_SHIFT = 2.5


@dataclass(frozen=True)
class Message:
    """A batch as it is published."""

    device_id: str
    payload: bytes
    readings: int


@dataclass(frozen=True)
class Flood:
    """So many readings of devices whose clocks begin at `start_ms`, made anew from the same seed."""

    readings: int
    start_ms: int
    seed: int = 3

    @property
    def devices(self) -> list[str]:
        """Name the devices."""
        return [f"flood-{n:03d}" for n in range(self.readings // PER_DEVICE)]

    @property
    def burning(self) -> list[str]:
        """Name those that burn."""
        return self.devices[::_BURNING]

    def of(self, device_id: str) -> Iterator[Message]:
        """Give what one device delivers, in the order of its delivery."""
        chance = random.Random(f"{self.seed} {device_id}")  # noqa: S311 - made-up weather
        sizes = _sizes(chance)
        edges = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
        pieces = list(pairwise(edges))
        pieces += [one for one in pieces if chance.random() < _TWICE]
        # Some overlap what went before: a device that was cut off sends what it is not sure of again.
        pieces += [(max(0, edge - 50), edge + 1) for edge in chance.sample(edges[1:-1], 2)]
        pieces.sort(key=lambda piece: piece[0] / BATCH + chance.uniform(0, _SHIFT))
        fire = self._fire(device_id, chance)
        for begin, end in pieces:
            yield self._message(device_id, range(begin, end), fire)

    def _fire(self, device_id: str, chance: random.Random) -> range:
        if device_id not in self.burning:
            return range(0)
        began = chance.randrange(PER_DEVICE - 2 * _FIRE_S)
        return range(began, began + _FIRE_S)

    def _message(self, device_id: str, seconds: range, fire: range) -> Message:
        readings = [
            pb.Reading(
                observed_at_ms=self.start_ms + one * _SECOND,
                optical_density=SMOKE if one in fire else CLEAN,
                temperature=ROOM,
                conditions=Condition.SMOKE_ALARM.value if one in fire else 0,
            )
            for one in seconds
        ]
        batch = pb.ReadingBatch(device_id=device_id, readings=readings)
        return Message(device_id, batch.SerializeToString(), len(readings))


def _sizes(chance: random.Random) -> list[int]:
    """Cut a device's readings into messages, full ones and some small ones."""
    sizes: list[int] = []
    while (left := PER_DEVICE - sum(sizes)) > 0:
        size = BATCH if chance.random() < 0.7 else chance.randint(1, BATCH)
        sizes.append(min(size, left))
    return sizes
