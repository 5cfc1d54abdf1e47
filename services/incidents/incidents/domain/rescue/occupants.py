"""Names of those inside, which residency tells for an open incident and this service never keeps."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.errors import DomainError


class PlaceUnknownError(DomainError):
    """The incident has no building on the register, so nobody can be said to be inside."""

    reason = "INCIDENT_PLACE_UNKNOWN"


class ReviewPendingError(DomainError):
    """The officer broke the glass before, and nobody has reviewed it yet."""

    reason = "BREAK_GLASS_REVIEW_PENDING"


class DisclosureNotAllowedError(DomainError):
    """The rules of disclosure let this role see nothing."""

    reason = "DISCLOSURE_NOT_ALLOWED"


@dataclass(frozen=True)
class OccupantsWanted:
    """An officer's wish to know who is inside; `request_id` is its idempotency key."""

    incident_id: UUID
    reason: str
    request_id: str


@dataclass(frozen=True)
class Occupants:
    """Residency's answer as it came; it is passed on and never stored."""

    payload: bytes


@dataclass(frozen=True)
class GlassBroken:
    """Residency disclosed who is inside to an officer (an account), who may look again until it expires."""

    incident_id: UUID
    officer: str
    expires_at: datetime
    ward_code: str
