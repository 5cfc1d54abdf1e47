"""How commands and people speak: what is given on a command line, and what is said of it, in both languages."""

import argparse
import sys
from collections.abc import Callable

from chassis.rules import between


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Make what reads an argument that is a number of digits alone, from `least`, which is not negative, to `most`.

    For the `type` of an argument: of anything else argparse says what is taken, and ends the command with 2.
    """
    rule = between(least, most)

    def read(text: str) -> int:
        # Nothing longer is read: it may have any length.
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not is_number or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"số nguyên {rule.vi} · a whole number, {rule.en}")
        return int(text)

    return read


def say(text: str, *, of_failure: bool = False) -> None:
    """Say a line at once on standard output, or of what failed on standard error."""
    print(text, file=sys.stderr if of_failure else sys.stdout, flush=True)


def say_both(vietnamese: str, english: str, *, of_failure: bool = False) -> None:
    """Say the same sentence in both languages, on one line."""
    say(f"{vietnamese} / {english}.", of_failure=of_failure)


def show_progress(told: str, *, ended: bool) -> bool:
    """Show on one line of a screen how far something is; tell whether there is a screen."""
    if is_screen := sys.stderr.isatty():
        print(f"\r{told}", end="\n" if ended else "", file=sys.stderr, flush=True)  # noqa: T201 - to people
    return is_screen
