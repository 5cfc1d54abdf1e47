"""Page sizes and tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import (
    FieldInvalidError,
    PageTokenInvalidError,
    PageTokenOfAnotherListError,
)
from chassis.rpc import pages
from ward.residency.v1 import account_pb2
from ward.residency.v1 import residency_pb2 as pb


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


@pytest.mark.parametrize(("requested", "settled"), [(0, 10), (50, 50), (51, 50), (501, 50)])
def test_a_list_has_sizes_of_its_own(requested: int, settled: int) -> None:
    """Where each row is a look at a person."""
    assert pages.page_size(requested, 10, 50) == settled


def test_a_negative_size_is_refused() -> None:
    """A negative size has no meaning; what is said to be taken is what is taken."""
    with pytest.raises(FieldInvalidError) as refused:
        pages.page_size(-1, 10, 50)

    assert refused.value.rule.vi == "không âm; 0 là 10, lớn hơn 50 được tính là 50"
    assert refused.value.rule.en == "not negative; 0 is 10, more than 50 is 50"


@given(key=st.lists(st.text(), min_size=1, max_size=4), size=st.integers(0, 500))
def test_a_token_goes_on_with_its_own_list(key: list[str], size: int) -> None:
    """In pages of any size: the list is the same."""
    listed = pb.ListBuildingsRequest(residential_group=7, page_size=50)
    token = pages.bind(pages.encode(*key), pages.mark_of(listed, "officer-1"))
    listed.page_size, listed.page_token = size, token

    assert pages.decode(pages.unbind(token, pages.mark_of(listed, "officer-1")), len(key)) == key


@pytest.mark.parametrize(
    ("request_", "account"),
    [
        (pb.ListBuildingsRequest(residential_group=8), "officer-1"),
        (pb.ListBuildingsRequest(), "officer-1"),
        (pb.ListBuildingsRequest(residential_group=7), "officer-2"),
        (pb.ListDwellingsRequest(building_id="7"), "officer-1"),
    ],
)
def test_a_token_goes_on_with_no_other_list(request_: object, account: str) -> None:
    """Neither of another filter, nor of another caller, nor of another method."""
    listed = pb.ListBuildingsRequest(residential_group=7)
    token = pages.bind(pages.encode("x"), pages.mark_of(listed, "officer-1"))

    with pytest.raises(PageTokenOfAnotherListError):
        pages.unbind(token, pages.mark_of(request_, account))


def test_the_last_page_has_no_token() -> None:
    """None is made of none, and none is the first page."""
    assert pages.bind("", "00ff") == pages.unbind("", "00ff") == ""


@given(st.text(min_size=1))
def test_a_token_without_a_mark_is_refused(token: str) -> None:
    """Such as one of the version before; unless the text has the form of a mark and a token by chance."""
    try:
        pages.unbind(token, "00ff")
    except (PageTokenInvalidError, PageTokenOfAnotherListError):
        return
    assert token.startswith("00ff.")


def test_a_token_tells_nothing_of_a_number() -> None:
    """Nor of the purpose: who is asked for by their documents is in the token of such a list, by pseudonym."""
    marks = {
        pages.mark_of(
            account_pb2.ListAccessesToPersonRequest(
                purpose={"reference": reference}, personal_id_number=number
            ),
            "officer-1",
        )
        for reference in ("1/CV", "2/CV", "")
        for number in ("999999999999", "999999999998", "")
    }

    assert len(marks) == 1
