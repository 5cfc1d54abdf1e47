"""Who waits at the gate: the newest goes first, and who is gone is counted and not answered."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from fire_safety.domain.gate.waiting import Waiting

NOW = datetime(2026, 11, 27, tzinfo=UTC)
_MOST, _AT_ONCE = 5, 2


class Asked(NamedTuple):
    """A question: which one, and how long it is waited for."""

    number: int
    until: datetime


def asked(number: int, patience_s: int = 1) -> Asked:
    """Ask, and wait so long; not at all any more if that is over."""
    return Asked(number, NOW + timedelta(seconds=patience_s))


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=12))
def test_the_newest_are_answered_first_and_the_oldest_make_room(patience: list[int]) -> None:
    """However many ask: as many as there is room for are taken, newest first, and of those each is counted once."""
    waiting: Waiting[Asked] = Waiting(_MOST)
    questions = [asked(number, seconds) for number, seconds in enumerate(patience)]

    made_room = sum(waiting.add(one) for one in questions)

    answered, too_late = [], 0
    while waiting:
        chosen = waiting.newest(_AT_ONCE, NOW)
        answered += chosen.in_time
        too_late += chosen.too_late
        assert len(chosen.in_time) + chosen.too_late <= _AT_ONCE
    newest = questions[-_MOST:]
    assert answered == [one for one in reversed(newest) if one.until > NOW]
    assert too_late == len(newest) - len(answered)
    assert made_room == len(questions) - len(newest)


def test_one_that_comes_into_a_full_queue_is_the_first_to_be_answered() -> None:
    """And the one that had waited longest is never."""
    waiting: Waiting[Asked] = Waiting(_MOST)
    for number in range(_MOST):
        assert not waiting.add(asked(number))

    assert waiting.add(asked(_MOST))

    assert [one.number for one in waiting.newest(_MOST, NOW).in_time] == [5, 4, 3, 2, 1]
    assert not waiting
