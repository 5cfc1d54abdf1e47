"""How much a caller may look up in a time, pattern by pattern, so that nobody copies the register by asking."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

EVERYBODY = "*"


class Pattern(StrEnum):
    """What is counted of a caller's lookups."""

    # An enumeration's own is written in Python, and each look asks for a dozen counts.
    __hash__ = str.__hash__

    # Every lookup.
    CALLS = "CALLS"
    # Different persons.
    PERSONS = "PERSONS"
    # Numbers that nobody has: who guesses meets many.
    MISSES = "MISSES"
    # Numbers next to one that was asked for before.
    SEQUENCES = "SEQUENCES"


@dataclass(frozen=True)
class Ceiling:
    """How often a pattern may occur in a window of seconds, for callers of a role or for everybody."""

    pattern: Pattern
    role: str
    window_s: int
    most: int

    def window(self, second: int) -> int:
        """Tell the second since 1970 in which the window of a second began; windows lie end to end from then on."""
        return second - second % self.window_s

    def left_s(self, second: int) -> int:
        """Tell how long the window of a second lasts yet, at least a second."""
        return self.window_s - second % self.window_s


def ceilings_for(ceilings: Iterable[Ceiling], roles: Collection[str]) -> Mapping[Pattern, Ceiling]:
    """Choose the ceiling of each pattern: that of the caller's roles (the highest of several), else everybody's."""
    chosen: dict[Pattern, Ceiling] = {}
    # Those of roles come after everybody's, the highest last.
    for ceiling in sorted(ceilings, key=lambda one: (one.role != EVERYBODY, one.most)):
        if ceiling.role == EVERYBODY or ceiling.role in roles:
            chosen[ceiling.pattern] = ceiling
    return chosen
