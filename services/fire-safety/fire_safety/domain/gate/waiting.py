"""Who waits for an answer, while more come than are answered: the newest goes first, and of too many the oldest go.

Who has waited longest is about to lose patience and to ask anew; an answer to somebody who is gone only delays the
others.
"""

from collections import deque
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar


class Impatient(Protocol):
    """Whoever waits, until a time."""

    @property
    def until(self) -> datetime:
        """When nobody waits for the answer any longer."""


Asked = TypeVar("Asked", bound=Impatient)


class Chosen(NamedTuple, Generic[Asked]):
    """Those that are answered now, newest first, and how many of as new ones nobody waits for any longer."""

    in_time: list[Asked]
    too_late: int


class Waiting(Generic[Asked]):
    """At most so many that wait."""

    def __init__(self, most: int) -> None:
        self._waiting: deque[Asked] = deque(maxlen=most)

    def __bool__(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._waiting)

    def add(self, one: Asked) -> bool:
        """Let one wait, however many do; tell whether the one that had waited longest made room for it."""
        is_full = len(self._waiting) == self._waiting.maxlen
        self._waiting.append(one)
        return is_full

    def newest(self, most: int, now: datetime) -> Chosen[Asked]:
        """Take at most so many, the newest."""
        taken = [self._waiting.pop() for _ in range(min(most, len(self._waiting)))]
        in_time = [one for one in taken if one.until > now]
        return Chosen(in_time, len(taken) - len(in_time))
