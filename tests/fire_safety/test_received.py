"""Messages piece by piece: all of them, in order, and none of the pieces larger than it must be."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from fire_safety.consumers.received import Overheard, slices

_SIZE, _MOST = 100, 1_000


@given(st.lists(st.sampled_from([0, 1, 40, 99, 100, 300]), max_size=30), st.integers(0, 3))
def test_pieces_hold_all_messages_in_order(sizes: list[int], filled_by_empty: int) -> None:
    """Each ends with the message that fills it, or after so many, however short those are."""
    sizes += [0] * (_MOST * filled_by_empty)
    messages = [Overheard(b"%d" % number, bytes(size), 0) for number, size in enumerate(sizes)]

    pieces = list(slices(messages, _SIZE))

    assert list(chain.from_iterable(pieces)) == messages
    for piece in pieces:
        *before, last = (len(one.data) for one in piece)
        assert sum(before) < _SIZE
        assert len(piece) <= _MOST
        assert piece is pieces[-1] or len(piece) == _MOST or sum(before) + last >= _SIZE
