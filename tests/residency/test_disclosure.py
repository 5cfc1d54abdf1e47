"""What a role may see for a purpose: the rules, and nothing beside them."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.domain.lookups.disclosure import (
    Asker,
    DisclosureNotAllowedError,
    DisclosureRule,
    PersonField,
    Way,
    decide,
)

ROLES, PURPOSES = ("clerk", "guard", "guest"), ("CASE", "RESCUE")
RULES = st.lists(
    st.builds(
        DisclosureRule,
        purpose=st.sampled_from(PURPOSES),
        role=st.sampled_from(ROLES),
        way=st.sampled_from(Way),
        fields=st.frozensets(st.sampled_from(PersonField)),
    ),
    max_size=12,
)


def test_without_a_rule_nothing_is_shown() -> None:
    """Deny by default: a rule for another purpose, role or way is none."""
    allowed = frozenset({PersonField.FULL_NAME})
    others = [
        DisclosureRule("CASE", "guard", Way.LOOKUP, allowed),
        DisclosureRule("RESCUE", "clerk", Way.LOOKUP, allowed),
        DisclosureRule("CASE", "clerk", Way.BREAK_GLASS, allowed),
        DisclosureRule("CASE", "clerk", Way.LOOKUP, frozenset()),
    ]
    with pytest.raises(DisclosureNotAllowedError):
        decide(others, Asker("a", frozenset({"clerk"}), "CASE"), Way.LOOKUP)


@given(RULES, st.frozensets(st.sampled_from(ROLES)))
def test_each_field_shown_has_a_rule_and_each_other_is_listed_as_withheld(
    rules: list[DisclosureRule], roles: frozenset[str]
) -> None:
    """For every purpose and way; several roles see what each of them may."""
    for purpose, way in product(PURPOSES, Way):
        expected = {
            field
            for field in PersonField
            if any(
                (rule.purpose, rule.way) == (purpose, way)
                and rule.role in roles
                and field in rule.fields
                for rule in rules
            )
        }
        asker = Asker("a", roles, purpose)
        if not expected:
            with pytest.raises(DisclosureNotAllowedError):
                decide(rules, asker, way)
            continue
        disclosure = decide(rules, asker, way)
        assert disclosure.fields == expected
        assert expected | set(disclosure.withheld) == set(PersonField)
        assert not expected & set(disclosure.withheld)


def test_a_question_that_would_itself_tell_needs_the_field() -> None:
    """A list of a household's members tells who lives with whom."""
    rule = DisclosureRule("CASE", "clerk", Way.LOOKUP, frozenset({PersonField.FULL_NAME}))
    disclosure = decide([rule], Asker("a", frozenset({"clerk"}), "CASE"), Way.LOOKUP)
    disclosure.require(PersonField.FULL_NAME)
    with pytest.raises(DisclosureNotAllowedError):
        disclosure.require(PersonField.HOUSEHOLD)
