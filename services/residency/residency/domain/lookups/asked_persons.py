"""Whom accounts asked for, at whichever replica, so that numbers asked for one after another are known as such."""

from collections import defaultdict
from collections.abc import Collection

# An account, and the second since 1970 in which the window began in which it asked.
Window = tuple[str, int]
_NOBODY: frozenset[str] = frozenset()


class AskedPersons:
    """Knows persons by the pseudonyms of the access records: asked for here as it happens, elsewhere once recorded.

    Of two numbers side by side that are asked for at two replicas at once neither knows the other's at that time: what
    was asked for here waits, for two turns, until the records of what was asked for elsewhere are read.
    """

    def __init__(self) -> None:
        self._here: defaultdict[Window, set[str]] = defaultdict(set)
        self._elsewhere: defaultdict[Window, set[str]] = defaultdict(set)
        # The neighbours of numbers asked for here in this turn, and in the one before.
        self._awaited: set[tuple[Window, str]] = set()
        self._awaited_before: set[tuple[Window, str]] = set()

    def note(self, window: Window, subjects: Collection[str]) -> set[str]:
        """Note whom an account asked for here; tell those it had not asked for here in the window."""
        here = self._here[window]
        new = set(subjects) - here
        here |= new
        return new

    def follows(self, window: Window, neighbours: Collection[str]) -> bool:
        """Tell whether a number with these neighbours is next to one asked for before; if not, `learn` may yet."""
        for asked in (self._here, self._elsewhere):
            if not asked.get(window, _NOBODY).isdisjoint(neighbours):
                return True
        self._awaited.update((window, one) for one in neighbours)
        return False

    def learn(self, window: Window, subject: str) -> bool:
        """Note a record of the account; tell whether it is next to a number asked for here at the same time."""
        if subject in self._here.get(window, _NOBODY):
            return False
        self._elsewhere[window].add(subject)
        return (window, subject) in self._awaited or (window, subject) in self._awaited_before

    def turn(self, second: int) -> None:
        """Begin the next turn, and forget the windows that began before a second."""
        self._awaited_before, self._awaited = self._awaited, set()
        for asked in (self._here, self._elsewhere):
            for window in [one for one in asked if one[1] < second]:
                del asked[window]
