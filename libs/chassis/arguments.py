"""What commands are told on their command line, read with refusals in Vietnamese and in English."""

import argparse
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
