"""The order of work."""

from collections.abc import Collection
from enum import StrEnum


class Priority(StrEnum):
    """Order of work, most urgent first; the values sort that way."""

    P1 = "P1"
    P2 = "P2"


def grade(devices: Collection[str], *, device_known: bool) -> Priority:
    """Grade a fire by the distinct devices that signal it, and whether the newest is on the register.

    Two devices confirm each other. A device that nobody knows is louder, since nobody knows what it watches over.
    """
    confirmed = len(set(devices)) > 1
    return Priority.P1 if confirmed or not device_known else Priority.P2


def most_urgent(*priorities: Priority) -> Priority:
    """Choose the most urgent; a machine never lowers a priority."""
    return min(priorities)
