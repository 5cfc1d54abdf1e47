"""Pseudonyms: each caller has its own, and only the same caller can say who is meant."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.privacy import may_hold_id_number
from residency.domain.lookups.pseudonyms import PersonNotFoundError, Pseudonyms
from tests.residency.samples import PSEUDONYM_KEY

PSEUDONYMS = Pseudonyms(PSEUDONYM_KEY)


@given(st.uuids(), st.text(), st.text())
def test_a_pseudonym_is_stable_and_of_one_caller(person: UUID, account: str, other: str) -> None:
    """The same caller gets the same one and resolves it; another caller gets another and cannot."""
    pseudonym = PSEUDONYMS.of(person, account)

    assert pseudonym == PSEUDONYMS.of(person, account)
    assert PSEUDONYMS.resolve(pseudonym, account) == person
    if other != account:
        assert PSEUDONYMS.of(person, other) != pseudonym
        with pytest.raises(PersonNotFoundError):
            PSEUDONYMS.resolve(pseudonym, other)


@given(st.text() | st.text(st.sampled_from("abcXYZ019-_"), min_size=43, max_size=43))
def test_what_was_made_up_names_nobody(text: str) -> None:
    """Whatever it looks like."""
    with pytest.raises(PersonNotFoundError):
        PSEUDONYMS.resolve(text, "caller")


def test_one_changed_character_names_nobody() -> None:
    """At any place; a second spelling of the same bytes is none either."""
    pseudonym = PSEUDONYMS.of(uuid4(), "caller")
    for place, sign in enumerate(pseudonym):
        for other in {*"AB_", chr(ord(sign) + 1)} - {sign}:
            changed = pseudonym[:place] + other + pseudonym[place + 1 :]
            with pytest.raises(PersonNotFoundError):
                PSEUDONYMS.resolve(changed, "caller")


def test_a_pseudonym_depends_on_the_key() -> None:
    """Without it nobody can make or resolve one, and it looks like no identification number."""
    person = uuid4()
    pseudonym = PSEUDONYMS.of(person, "caller")

    assert Pseudonyms(b"x" * 32).of(person, "caller") != pseudonym
    assert not may_hold_id_number(pseudonym)
