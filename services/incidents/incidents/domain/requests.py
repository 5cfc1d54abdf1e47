"""What callers ask for, checked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from incidents.domain.incidents import Disposition


@dataclass(frozen=True)
class Act:
    """A write of one account; `request_id` is its idempotency key and `digest` tells a repeat from a reuse."""

    incident_id: UUID
    account: str
    request_id: str
    digest: bytes


@dataclass(frozen=True)
class Acknowledgement(Act):
    """Taking an incident on."""


@dataclass(frozen=True)
class Assignment(Act):
    """Giving a task."""

    assignee: str
    task: str


@dataclass(frozen=True)
class Closure(Act):
    """Ending an incident."""

    disposition: Disposition
    note: str


@dataclass(frozen=True)
class Listing:
    """A page of incidents, newest first, after the incident that was opened at a time and has an id."""

    open_only: bool
    premises_id: str
    size: int
    after: tuple[datetime, UUID] | None
