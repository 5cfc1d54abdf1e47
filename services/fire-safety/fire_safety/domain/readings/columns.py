"""Many messages' readings at once, as columns: what hundreds of thousands a second are read, judged and stored as."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from fire_safety.domain.readings.reading import Batch, Reading

Integers = NDArray[np.int64]
Values = NDArray[np.float32]


class Stretch(NamedTuple):
    """What the readings of one message come to: enough to see that nothing happens in them.

    Times are milliseconds by the device's clock, `longest_gap_ms` and `shortest_gap_ms` between two readings in a row;
    of one reading alone the longest is 0 and the shortest beyond all. Values are the least and greatest of each
    measure, None where it is not measured.
    """

    device_id: str
    received_ms: int
    readings: int
    first_ms: int
    last_ms: int
    shortest_gap_ms: int
    longest_gap_ms: int
    has_conditions: bool
    density: tuple[float, float] | None
    temperature: tuple[float, float] | None
    battery: tuple[float, float] | None
    monoxide: tuple[float, float] | None
    block: "Block"
    number: int

    @property
    def times(self) -> list[int]:
        """When each reading was observed."""
        if self.readings == 1:
            return [self.first_ms]
        found: list[int] = self.block.observed_ms[self._rows].tolist()
        return found

    @property
    def densities(self) -> list[float]:
        """Give the readings' optical densities, which they have."""
        return self._values("optical_density", self.density)

    @property
    def temperatures(self) -> list[float]:
        """Give the readings' temperatures, which they have."""
        return self._values("temperature", self.temperature)

    @property
    def only(self) -> Reading:
        """Give the one reading of a message that declares nothing."""
        return Reading(
            self.first_ms,
            self.received_ms,
            self.density and self.density[0],
            self.temperature and self.temperature[0],
            self.battery and self.battery[0],
            0,
            self.monoxide and self.monoxide[0],
        )

    @property
    def batch(self) -> Batch:
        """Give the readings one by one."""
        return self.block.batch(self.number)

    def _values(self, measure: str, bounds: tuple[float, float] | None) -> list[float]:
        if self.readings == 1 and bounds:
            return [bounds[0]]
        found: list[float] = self.block.measures[measure][self._rows].tolist()
        return found

    @property
    def _rows(self) -> slice:
        return self.block.rows(self.number)


@dataclass(frozen=True)
class Block:
    """Readings of several messages, all with the same fields and none with a number of its own, in columns.

    Message `i` has rows `starts[i]` to `starts[i + 1]`, oldest first. `measures` holds those of `optical_density`
    (m⁻¹), `temperature` (°C), `battery` (percent) and `carbon_monoxide` (ppm) that are measured. `places` says where
    among the messages that were given each one was.
    """

    places: Sequence[int]
    device_ids: Sequence[str]
    received_ms: Integers
    starts: Integers
    observed_ms: Integers
    conditions: Integers
    measures: dict[str, Values]

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.places)

    @property
    def readings(self) -> int:
        """Count the readings."""
        return len(self.observed_ms)

    @cached_property
    def counts(self) -> Integers:
        """Tell how many readings each message has."""
        return np.diff(self.starts)

    def rows(self, number: int) -> slice:
        """Tell which rows a message has."""
        return slice(int(self.starts[number]), int(self.starts[number + 1]))

    def batch(self, number: int) -> Batch:
        """Give the readings of a message one by one."""
        rows, received = self.rows(number), int(self.received_ms[number])

        def column(name: str) -> Sequence[float | None]:
            if name not in self.measures:
                return [None] * (rows.stop - rows.start)
            values: list[float | None] = self.measures[name][rows].tolist()
            return values

        readings = [
            Reading(observed, received, density, temperature, battery, conditions, monoxide)
            for observed, density, temperature, battery, conditions, monoxide in zip(
                self.observed_ms[rows].tolist(),
                column("optical_density"),
                column("temperature"),
                column("battery"),
                self.conditions[rows].tolist(),
                column("carbon_monoxide"),
                strict=True,
            )
        ]
        return Batch(self.device_ids[number], received, readings)

    @classmethod
    def joined(cls, blocks: "Sequence[Block]") -> Self:
        """Put blocks of the same fields one behind the other; at least one."""
        ends = accumulate(blocks, lambda rows, one: rows + one.readings, initial=0)
        return cls(
            places=[place for one in blocks for place in one.places],
            device_ids=[device_id for one in blocks for device_id in one.device_ids],
            received_ms=np.concatenate([one.received_ms for one in blocks]),
            starts=np.concatenate(
                [[0], *(one.starts[1:] + end for one, end in zip(blocks, ends, strict=False))]
            ),
            observed_ms=np.concatenate([one.observed_ms for one in blocks]),
            conditions=np.concatenate([one.conditions for one in blocks]),
            measures={
                name: np.concatenate([one.measures[name] for one in blocks])
                for name in blocks[0].measures
            },
        )

    def has_conditions(self, number: int) -> bool:
        """Tell whether a message declares any condition."""
        return bool(self.conditions[self.rows(number)].any())

    def without(self, numbers: Sequence[int]) -> "Block":
        """Give the other messages."""
        kept = np.ones(len(self), dtype=bool)
        kept[numbers] = False
        rows = np.repeat(kept, self.counts)
        return Block(
            places=[one for one, stays in zip(self.places, kept, strict=True) if stays],
            device_ids=[one for one, stays in zip(self.device_ids, kept, strict=True) if stays],
            received_ms=self.received_ms[kept],
            starts=np.concatenate(([0], np.cumsum(self.counts[kept]))),
            observed_ms=self.observed_ms[rows],
            conditions=self.conditions[rows],
            measures={name: values[rows] for name, values in self.measures.items()},
        )

    def batches(self) -> list[Batch]:
        """Give the readings of all messages one by one."""
        return [self.batch(number) for number in range(len(self))]

    def stretches(self) -> Iterator[Stretch]:
        """Sum up each message."""
        starts = self.starts[:-1]
        shortest = np.empty_like(self.observed_ms)
        np.subtract(self.observed_ms[1:], self.observed_ms[:-1], out=shortest[1:])
        longest = shortest.copy()
        # From the message before to this one is no gap within one.
        shortest[starts] = np.iinfo(np.int64).max
        longest[starts] = 0
        return map(
            Stretch,
            self.device_ids,
            self.received_ms.tolist(),
            self.counts.tolist(),
            self.observed_ms[starts].tolist(),
            self.observed_ms[self.starts[1:] - 1].tolist(),
            np.minimum.reduceat(shortest, starts).tolist(),
            np.maximum.reduceat(longest, starts).tolist(),
            np.bitwise_or.reduceat(self.conditions, starts).astype(bool).tolist(),
            self._bounds("optical_density"),
            self._bounds("temperature"),
            self._bounds("battery"),
            self._bounds("carbon_monoxide"),
            [self] * len(self),
            range(len(self)),
        )

    def peaks(self) -> Iterator[tuple[str, int, float | None, float | None]]:
        """Tell of each message its device, all that it declares, and the greatest optical density and temperature."""
        starts = self.starts[:-1]
        declared = np.bitwise_or.reduceat(self.conditions, starts).tolist()
        density, temperature = self._greatest("optical_density"), self._greatest("temperature")
        return zip(self.device_ids, declared, density, temperature, strict=True)

    def _greatest(self, measure: str) -> Sequence[float | None]:
        values = self.measures.get(measure)
        if values is None:
            return [None] * len(self)
        found: list[float | None] = np.maximum.reduceat(values, self.starts[:-1]).tolist()
        return found

    def _bounds(self, measure: str) -> Sequence[Any]:
        """Tell the least and the greatest value of each message."""
        values = self.measures.get(measure)
        if values is None:
            return [None] * len(self)
        starts = self.starts[:-1]
        least, greatest = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        return list(zip(least.tolist(), greatest.tolist(), strict=True))


@dataclass(frozen=True)
class Bulk:
    """Readings to be stored together: blocks, and one by one what is in none."""

    blocks: Sequence[Block]
    others: Sequence[Batch]

    def __len__(self) -> int:
        """Count the readings."""
        return sum(one.readings for one in self.blocks) + sum(
            len(one.readings) for one in self.others
        )

    def batches(self) -> list[Batch]:
        """Give all of them one by one."""
        return [batch for block in self.blocks for batch in block.batches()] + list(self.others)
