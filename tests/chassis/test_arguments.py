"""What commands are told is read, or refused in both languages."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.arguments import whole_number


@given(st.integers(1, 366))
def test_a_whole_number_between_the_bounds_is_read(number: int) -> None:
    """Both bounds are taken."""
    assert whole_number(1, 366)(str(number)) == number


@pytest.mark.parametrize(
    "text", ["0", "367", "-1", "+7", " 7", "7.0", "1_0", "٣", "²", "", "seven", "9" * 5000]
)
def test_anything_else_is_refused(text: str) -> None:
    """However long it is; what is taken is said in both languages, and not what was given."""
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        whole_number(1, 366)(text)

    assert str(refused.value) == "số nguyên từ 1 đến 366 · a whole number, 1 to 366"
