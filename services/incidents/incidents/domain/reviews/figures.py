"""What is open and what is late, in numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IncidentFigures:
    """Incidents of one priority that have not ended.

    `unacknowledged` are those that nobody has taken on, `overdue` those of them whose priority's time is over.
    """

    open: int = 0
    unacknowledged: int = 0
    overdue: int = 0


@dataclass(frozen=True)
class ActionFigures:
    """Actions of after-action reviews that are to be done; of the `overdue` ones the day is past."""

    open: int = 0
    overdue: int = 0
