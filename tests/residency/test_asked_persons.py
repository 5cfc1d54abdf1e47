"""Whom accounts asked for, against a plain model that sees all replicas at once."""

from hypothesis import given
from hypothesis import strategies as st

from residency.domain.lookups.asked_persons import AskedPersons

WINDOW = ("clerk", 0)
# Which of two replicas is asked for which number, or a turn of both.
ASKED = st.lists(st.none() | st.tuples(st.integers(0, 1), st.integers(0, 6)), max_size=40)


def neighbours(number: int) -> list[str]:
    """Tell the numbers beside one."""
    return [str(number - 1), str(number + 1)]


class Replicas:
    """Two replicas that read all records each turn."""

    def __init__(self) -> None:
        self.each = [AskedPersons(), AskedPersons()]
        self.records: list[str] = []
        self.followed = 0

    def ask(self, at: int, number: int) -> None:
        """Ask one for a number, as a lookup does."""
        asked = self.each[at]
        if asked.note(WINDOW, [str(number)]):
            self.followed += asked.follows(WINDOW, neighbours(number))
        self.records.append(str(number))

    def turn(self) -> None:
        """Have both read what was recorded."""
        for asked in self.each:
            self.followed += sum([asked.learn(WINDOW, one) for one in self.records])
            asked.turn(0)
        self.records.clear()


@given(ASKED)
def test_who_asks_for_numbers_side_by_side_is_known_wherever_each_is_asked(
    steps: list[tuple[int, int] | None],
) -> None:
    """Never fewer than one replica alone would know of."""
    replicas, seen, sequences = Replicas(), set[int](), 0
    for step in steps:
        if step is None:
            replicas.turn()
            continue
        at, number = step
        replicas.ask(at, number)
        if number not in seen:
            sequences += bool(seen & {number - 1, number + 1})
            seen.add(number)
    replicas.turn()

    assert replicas.followed >= sequences
    assert bool(replicas.followed) == bool(sequences)


def test_windows_that_are_over_are_forgotten() -> None:
    """Whom an account asked for yesterday is next to nobody today."""
    asked = AskedPersons()
    asked.note(("clerk", 0), ["1"])
    asked.learn(("clerk", 0), "3")
    asked.turn(60)

    assert not asked.follows(("clerk", 0), ["1", "3"])
    assert asked.note(("clerk", 0), ["1"]) == {"1"}
