"""Breaking the glass: names of those inside, for an open incident, with a reason, for a while, reviewed afterwards."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule


class NotThroughIncidentsError(DomainError):
    """The call does not come from the incidents service, acting for the officer."""

    reason = "BREAK_GLASS_NOT_THROUGH_INCIDENTS"


class IncidentNotFoundError(DomainError):
    """No incident of this id was told to this service yet."""

    reason = "INCIDENT_NOT_FOUND"


class IncidentClosedError(DomainError):
    """The incident is closed."""

    reason = "INCIDENT_CLOSED"


class IncidentPlaceUnknownError(DomainError):
    """The incident has no building on the register, so nobody can be said to be inside."""

    reason = "INCIDENT_PLACE_UNKNOWN"


class ReviewPendingError(DomainError):
    """The officer broke the glass before, and nobody has reviewed it yet."""

    reason = "BREAK_GLASS_REVIEW_PENDING"


@dataclass(frozen=True)
class Incident:
    """What this service knows of an incident, from its events; `premises_id` is empty where it is not known."""

    incident_id: str
    number: str
    premises_id: str
    closed: bool
    version: int


@dataclass(frozen=True)
class PremisesPlace:
    """The building that premises are in, None where it is not on the register, and whether guests lodge there."""

    premises_id: str
    building_id: UUID | None
    version: int
    lodging: bool = False


@dataclass(frozen=True)
class IncidentPlace:
    """An incident with the building that its premises are in."""

    incident: Incident
    building_id: UUID | None

    def building_for(self, reference: str) -> UUID:
        """Tell whose occupants may be disclosed for the stated reference.

        Raises IncidentClosedError, IncidentPlaceUnknownError, or FieldInvalidError for a reference to something else.
        """
        if self.incident.closed:
            raise IncidentClosedError
        if reference != self.incident.number:
            raise FieldInvalidError(
                "purpose.reference", Rule("số của vụ việc", "the number of the incident")
            )
        if self.building_id is None:
            raise IncidentPlaceUnknownError
        return self.building_id


@dataclass(frozen=True)
class BreakGlass:
    """One breaking of the glass, which is to be reviewed by `due_at`."""

    review_id: UUID
    incident_id: str
    incident_number: str
    building_id: UUID
    officer: str
    reason: str
    opened_at: datetime
    expires_at: datetime
    due_at: datetime

    def check_continues(self, incident_id: str, now: datetime) -> None:
        """Let the officer look again in the same incident until it expires; else raise ReviewPendingError."""
        if incident_id != self.incident_id or now >= self.expires_at:
            raise ReviewPendingError


@dataclass(frozen=True)
class BreakGlassWanted:
    """An officer's wish to know who is inside, as the incidents service brings it."""

    incident_id: str
    reference: str
    reason: str
    request_id: str
    digest: bytes
