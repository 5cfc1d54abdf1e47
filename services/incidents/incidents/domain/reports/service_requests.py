"""What everybody is told of on-scene reports (Open311 GeoReport v2): services, and how far requests are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.places import Position
from incidents.domain.rules.catalogue import Category
from incidents.domain.rules.kinds import IncidentKind

# Days that a listing may span (table `legal_limits`).
SPAN_RULE = "service_requests.span"
_FIRST = datetime.min.replace(tzinfo=UTC)
# Decimals of a public position: about 11 m.
_DECIMALS = 4


class ServiceRequestStatus(StrEnum):
    """Whether somebody still works on a request."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True)
class ServiceAttribute:
    """One question of a service, Vietnamese; its answer is a whole number or text."""

    code: str
    is_number: bool
    required: bool
    description: str
    datatype_description: str


@dataclass(frozen=True)
class PublicService:
    """A category that everybody may report; `position_public` says whether its places may be told."""

    category: Category
    group: str
    description: str
    keywords: tuple[str, ...]
    position_public: bool

    @property
    def attributes(self) -> tuple[ServiceAttribute, ...]:
        """Tell what is asked beside description and place: the form of the category's kind."""
        return _ATTRIBUTES.get(self.category.kind, ())


@dataclass(frozen=True)
class ServiceRequest:
    """What everybody is told of a report: nothing that whoever made it wrote."""

    report_id: UUID
    number: str
    service: PublicService
    state: IncidentState
    requested_at: datetime
    updated_at: datetime
    expected_at: datetime | None
    position: Position | None

    @property
    def status(self) -> ServiceRequestStatus:
        """Tell whether somebody still works on it."""
        return ServiceRequestStatus.CLOSED if self.state in CLOSED else ServiceRequestStatus.OPEN

    def for_everybody(self) -> "ServiceRequest":
        """Give it with its place as coarse as the public is told, or without."""
        if self.position is None or not self.service.position_public:
            return replace(self, position=None)
        where = self.position
        coarse = Position(round(where.latitude, _DECIMALS), round(where.longitude, _DECIMALS))
        return replace(self, position=coarse)


@dataclass(frozen=True)
class ServiceRequestListing:
    """A page of requests, newest first, after the one that was received at a time and has an id.

    Those of some numbers, or else those received from `start` to `end`, both included.
    """

    numbers: tuple[str, ...]
    service_codes: tuple[str, ...]
    start: datetime
    end: datetime
    status: ServiceRequestStatus | None
    size: int
    after: tuple[datetime, UUID] | None


# A merged report stands where the incident does that goes on for it, so DUPLICATE is not among them.
CLOSED = frozenset(
    {
        IncidentState.RESOLVED,
        IncidentState.CLOSED,
        IncidentState.TRANSFERRED,
        IncidentState.FALSE_ALARM,
    }
)

_COUNT = "Số nguyên, từ 0"
# The groups of Circular 26/2024/TT-BCA that whoever is on the spot can tell.
_ATTRIBUTES: Mapping[IncidentKind, tuple[ServiceAttribute, ...]] = {
    IncidentKind.ROAD_ACCIDENT: (
        ServiceAttribute("vehicles", True, True, "Số phương tiện", _COUNT),
        ServiceAttribute("injured", True, True, "Số người bị thương", _COUNT),
        ServiceAttribute("fatalities", True, False, "Số người chết", _COUNT),
        ServiceAttribute("damage_vnd", True, False, "Thiệt hại tài sản ước tính", "Đồng"),
        ServiceAttribute("road", False, False, "Tuyến đường", "Tối đa 100 ký tự"),
    )
}


def listing_span(
    start: datetime | None, end: datetime | None, now: datetime, longest: timedelta
) -> tuple[datetime, datetime]:
    """Settle the span of a listing; one that is not said is as long as is allowed.

    Raises FieldInvalidError for a longer one, and for one that ends before it begins.
    """
    if end is None:
        end = now if start is None or now - start < longest else start + longest
    if start is None:
        # No calendar begins before its first day.
        start = end - min(longest, end - _FIRST)
    if end - start > longest:
        raise FieldInvalidError(
            "start",
            Rule(
                f"không quá {longest.days} ngày trước khi kết thúc",
                f"at most {longest.days} days before the end",
            ),
        )
    if end < start:
        raise FieldInvalidError("end", Rule("không trước lúc bắt đầu", "not before the start"))
    return start, end
