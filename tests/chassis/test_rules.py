"""What fields take, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import rules
from chassis.rules import Rule


@pytest.mark.parametrize(
    ("rule", "vi", "en"),
    [
        (rules.at_most(20), "không quá 20", "at most 20"),
        (rules.between(1, 9), "từ 1 đến 9", "1 to 9"),
        (rules.characters(3, 500), "3 đến 500 ký tự", "3 to 500 characters"),
        (
            rules.one_line(1, 120),
            "1 đến 120 ký tự trên một dòng",
            "1 to 120 characters on one line",
        ),
        (
            rules.years(1, 9999),
            "một thời điểm từ năm 1 đến năm 9999",
            "a time of the years 1 to 9999",
        ),
        (rules.one_of("A, B"), "một trong: A, B; bắt buộc", "one of A, B; required"),
    ],
)
def test_a_rule_says_the_same_in_both_languages(rule: Rule, vi: str, en: str) -> None:
    """With the same numbers and names."""
    assert (rule.vi, rule.en) == (vi, en)


@given(least=st.integers(), most=st.integers())
def test_numbers_stand_in_both_languages(least: int, most: int) -> None:
    """Whichever they are: a limit that is a row of the law's changes in both."""
    for text in (*rules.between(least, most), *rules.characters(least, most)):
        assert str(least) in text
        assert str(most) in text
