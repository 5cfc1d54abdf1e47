"""What is told to others of an incident; each event travels with the incident after it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from incidents.domain.rules.deadlines import Owed


@dataclass(frozen=True)
class Opened:
    """Event: the incident was opened."""


@dataclass(frozen=True)
class AlarmJoined:
    """Event: a further alarm belongs to the incident."""

    alarm_id: str


@dataclass(frozen=True)
class Acknowledged:
    """Event: an officer has taken the incident on."""


@dataclass(frozen=True)
class Assigned:
    """Event: a task was given."""


@dataclass(frozen=True)
class Escalated:
    """Event: nobody took the incident on in time, and the next were told."""

    step: int
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class Moved:
    """Event: the incident was moved, or a report came or left; `act` is the kind of the timeline entry that tells."""

    act: str


@dataclass(frozen=True)
class RollCallMarked:
    """Event: persons were marked in the roll-call; `sequence` is the newest mark."""

    sequence: int


@dataclass(frozen=True)
class ActionDue:
    """Event: an action of the review is due soon, or its day is past."""

    action_id: UUID
    owner: str
    due_on: date
    overdue: bool


@dataclass(frozen=True)
class Closed:
    """Event: the incident has ended."""


@dataclass(frozen=True)
class DueSoon:
    """Event: a deadline is due soon."""

    owed: Owed


@dataclass(frozen=True)
class Breached:
    """Event: a deadline is over and not met."""

    owed: Owed


Event = (
    Opened
    | AlarmJoined
    | Acknowledged
    | Assigned
    | Escalated
    | Moved
    | RollCallMarked
    | ActionDue
    | DueSoon
    | Breached
    | Closed
)
