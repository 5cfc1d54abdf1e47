"""What is odd in how callers use the register: about their conduct, never about residents."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AnomalyKind(StrEnum):
    """What was odd."""

    # Many looks within an hour.
    RATE = "RATE"
    # Many refusals within an hour.
    REFUSALS = "REFUSALS"
    # Many numbers that nobody has, within a window of their limit.
    MISSES = "MISSES"
    # Numbers one after another, within a window of their limit.
    SEQUENCES = "SEQUENCES"
    # Many persons of one building within a day.
    NEIGHBOURS = "NEIGHBOURS"
    # Looks outside of working hours within a day, on Sundays and holidays too, by those who work by day.
    OUT_OF_SHIFT = "OUT_OF_SHIFT"


@dataclass(frozen=True)
class Anomaly:
    """So many occurrences by one account in a time that began then; from `threshold` on they are odd.

    `building_id` is where those live who were looked at, of NEIGHBOURS only.
    """

    kind: AnomalyKind
    account: str
    since: datetime
    occurrences: int
    threshold: int
    building_id: UUID | None
