"""What commands are told is read or refused in both languages, and what they say goes where it belongs."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.command_line import say, say_both, show_progress, whole_number


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


def test_what_failed_is_said_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    """What a script reads on standard output is no error."""
    say("3 dòng / rows")
    say_both("Không có tệp", "There is no file", of_failure=True)

    assert capfd.readouterr() == ("3 dòng / rows\n", "Không có tệp / There is no file.\n")


def test_where_nobody_looks_no_progress_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """A line that is written over again and again is nothing for a log."""
    assert not show_progress("1/2", ended=False)

    assert capfd.readouterr() == ("", "")
