"""The order of work, and apart from it how bad the effect is."""

from collections.abc import Collection
from enum import StrEnum


class Priority(StrEnum):
    """Order of work, most urgent first; the values sort that way."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Severity(StrEnum):
    """How bad the effect is, in the words of CAP 1.2; UNSPECIFIED until a person has judged it."""

    UNSPECIFIED = "UNSPECIFIED"
    MINOR = "MINOR"
    MODERATE = "MODERATE"
    SEVERE = "SEVERE"
    EXTREME = "EXTREME"


def grade(devices: Collection[str], *, place_known: bool) -> Priority:
    """Grade a fire by the distinct devices that signal it, and whether the place of the newest is known.

    Two devices confirm each other. A device that nobody knows, or that is not placed yet, is louder, since nobody knows
    what it watches over.
    """
    confirmed = len(set(devices)) > 1
    return Priority.P1 if confirmed or not place_known else Priority.P2


def most_urgent(*priorities: Priority) -> Priority:
    """Choose the most urgent; a machine never lowers a priority."""
    return min(priorities)
