"""How far detection has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Lane(StrEnum):
    """What reads the stream of readings and has a place in it."""

    DETECTOR = "detector"
    RECORDER = "recorder"


@dataclass(frozen=True)
class StreamState:
    """The stream as the broker has it: when it was made, and its last message.

    A stream that was made anew counts from one: a place in another one says nothing of it.
    """

    created_at: datetime
    last_sequence: int


@dataclass(frozen=True)
class Position:
    """A message of the stream: its sequence, and when the broker received it."""

    stream_sequence: int
    received_at: datetime


@dataclass(frozen=True)
class Reached:
    """A message up to which everything in some partitions has had its effect.

    Since `heard_since` everybody could be heard.
    """

    partitions: frozenset[int]
    position: Position
    heard_since: datetime


@dataclass(frozen=True)
class Progress:
    """How far detection has come in each of some partitions; None where it has not begun."""

    positions: Mapping[int, Position | None]
    heard_since: datetime | None = None

    @property
    def settled(self) -> int:
        """The furthest message; 0 where there is none."""
        return max((one.stream_sequence for one in self.positions.values() if one), default=0)

    @property
    def begins_after(self) -> int:
        """The least advanced message; 0 where a partition has none."""
        return min(
            (one.stream_sequence if one else 0 for one in self.positions.values()), default=0
        )

    @property
    def begins_at(self) -> datetime | None:
        """When the least advanced position was received; None while a partition has none."""
        positions = [one for one in self.positions.values() if one]
        if len(positions) < len(self.positions):
            return None
        return min((one.received_at for one in positions), default=None)

    def has_settled(self, partition: int, stream_sequence: int) -> bool:
        """Tell whether a message has had its effect before."""
        position = self.positions.get(partition)
        return position is not None and stream_sequence <= position.stream_sequence

    def news_for(self, stream_sequence: int) -> frozenset[int]:
        """Tell for which partitions having read up to a message is progress."""
        return frozenset(
            one for one in self.positions if not self.has_settled(one, stream_sequence)
        )
