"""What callers ask for, checked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from incidents.domain.incidents.incident import Disposition
from incidents.domain.lifecycle.states import Act
from incidents.domain.lifecycle.transfers import Transfer
from incidents.domain.rules.catalogue import ClockKind
from incidents.domain.rules.deadlines import DueFilter
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority, Severity


@dataclass(frozen=True)
class Write:
    """A write of one account; `request_id` is its idempotency key and `digest` tells a repeat from a reuse."""

    incident_id: UUID
    account: str
    request_id: str
    digest: bytes


@dataclass(frozen=True)
class Acknowledgement(Write):
    """Taking an incident on."""


@dataclass(frozen=True)
class Assignment(Write):
    """Giving a task."""

    assignee: str
    task: str


@dataclass(frozen=True)
class Closure(Write):
    """Ending an incident."""

    disposition: Disposition
    note: str


@dataclass(frozen=True)
class Triage(Write):
    """Judging an incident; an empty code and None leave a part as it is."""

    category: str
    priority: Priority | None
    severity: Severity | None
    note: str


@dataclass(frozen=True)
class Dispatch(Write):
    """Sending a unit."""

    assignee: str
    task: str


@dataclass(frozen=True)
class Advance(Write):
    """Moving an incident on by an act that needs no more than a note."""

    act: Act
    note: str


@dataclass(frozen=True)
class Handover(Write):
    """Handing an incident over; without a time of its own the transfer was made when it was told."""

    transfer: Transfer


@dataclass(frozen=True)
class Merge(Write):
    """Saying that an incident is the same as another one."""

    into: UUID
    reason: str


@dataclass(frozen=True)
class Separation(Write):
    """Taking a merge back."""

    reason: str


@dataclass(frozen=True)
class Reopening(Write):
    """Opening an incident again."""

    reason: str


@dataclass(frozen=True)
class Note(Write):
    """Adding a note, or a correction of an entry; 0 corrects none."""

    text: str
    corrects: int


@dataclass(frozen=True)
class ExerciseWanted:
    """A wish to begin an exercise at premises; `request_id` is its idempotency key."""

    premises_id: str
    scenario: str
    account: str
    request_id: str
    digest: bytes


@dataclass(frozen=True)
class TaskWanted(Write):
    """Giving a task; without an accountable account the caller answers for it."""

    owner: str
    task: str
    accountable: str
    due_at: datetime


@dataclass(frozen=True)
class Listing:
    """A page of incidents, newest first, after the incident that was opened at a time and has an id."""

    open_only: bool
    premises_id: str
    size: int
    after: tuple[datetime, UUID] | None
    kind: IncidentKind | None = None


@dataclass(frozen=True)
class ClockPausing(Write):
    """Pausing the clocks of an incident; `reason` is a code of the catalogue."""

    reason: str
    note: str


@dataclass(frozen=True)
class ClockResumption(Write):
    """Having the clocks of an incident run on."""

    note: str


@dataclass(frozen=True)
class DueListing:
    """A page of deadlines that are over or due soon, after the one that is due at a time for a subject, of a kind."""

    filter: DueFilter | None
    size: int
    after: tuple[datetime, UUID, ClockKind] | None
