"""Page sizes and tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_token_gives_its_key_back(key: list[str]) -> None:
    """Whatever the key, decoding what was encoded gives it again."""
    token = pages.encode(*key)

    assert pages.decode(token, len(key)) == key
    assert token.isascii()


def test_no_token_is_the_first_page() -> None:
    """An empty token has no key."""
    assert pages.decode("", 2) is None


@given(st.text(min_size=1))
def test_a_token_made_elsewhere_is_refused(token: str) -> None:
    """No text makes the decoder fail otherwise than with its own error."""
    try:
        pages.decode(token, 2)
    except PageTokenInvalidError:
        return
    assert pages.decode(token, 2) is not None


@pytest.mark.parametrize(("requested", "settled"), [(0, 50), (1, 1), (500, 500), (501, 500)])
def test_sizes_are_settled(requested: int, settled: int) -> None:
    """Nothing said is the default, too much is the maximum."""
    assert pages.page_size(requested) == settled


def test_a_negative_size_is_refused() -> None:
    """A negative size has no meaning."""
    with pytest.raises(FieldInvalidError):
        pages.page_size(-1)
