"""Reports of people: what is received, who may report what, and what is owed by when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from incidents.domain.incidents.requests import Write
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.places import Position
from incidents.domain.rules.catalogue import Category, ClockKind
from incidents.domain.rules.catalogue import Reporter as ReporterKind
from incidents.domain.rules.deadlines import Deadline
from incidents.domain.rules.kinds import IncidentKind


class ReportNotFoundError(DomainError):
    """No report has this id, or this number and token."""

    reason = "REPORT_NOT_FOUND"


class CategoryNotOpenError(DomainError):
    """Whoever calls may not report this category, or not in this way."""

    reason = "CATEGORY_NOT_OPEN"


class ReportChannel(StrEnum):
    """How a report came in."""

    IN_PERSON = "IN_PERSON"
    TELEPHONE = "TELEPHONE"
    LETTER = "LETTER"
    ELECTRONIC = "ELECTRONIC"


class InvolvedRole(StrEnum):
    """In what way somebody is concerned. There is none for a suspect, offender or driver."""

    IN_NEED = "IN_NEED"
    WITNESS = "WITNESS"
    CONTACT = "CONTACT"


@dataclass(frozen=True)
class Reporter:
    """Who reports; each text is empty where it was not said."""

    full_name: str
    phone: str
    email: str


@dataclass(frozen=True)
class InvolvedPerson:
    """Who is concerned."""

    role: InvolvedRole
    full_name: str
    phone: str


@dataclass(frozen=True)
class Content:
    """What a report says and of whom: stored sealed, and forgotten with it."""

    description: str
    reporter: Reporter | None = None
    involved: tuple[InvolvedPerson, ...] = ()


@dataclass(frozen=True)
class RoadAccident:
    """A road accident in counts (Circular 26/2024/TT-BCA); `damage_vnd` is 0 where it is not known."""

    vehicles: int
    fatalities: int
    injured: int
    damage_vnd: int
    road: str


@dataclass(frozen=True)
class Report:
    """A report without what it says. `received_by` is empty where the platform received it.

    `kind` is that of its category when it was received. Where and when it was is forgotten with what it says.
    """

    report_id: UUID
    number: str
    ward_code: str
    category: str
    kind: IncidentKind
    channel: ReportChannel
    received_at: datetime
    received_by: str
    occurred_at: datetime | None
    incident_id: UUID
    address: str
    position: Position | None
    road_accident: RoadAccident | None = None
    forgotten_at: datetime | None = None
    deadlines: tuple[Deadline, ...] = ()

    def joining(self, incident_id: UUID, *, taken_on: bool) -> "Report":
        """Give it as it belongs to an incident; where somebody has taken that on, nobody needs to any more."""
        deadlines = tuple(
            one.meet(self.received_at) if taken_on and one.kind is ClockKind.ACKNOWLEDGE else one
            for one in self.deadlines
        )
        return replace(self, incident_id=incident_id, deadlines=deadlines)

    def beyond_duty_officers(self) -> "Report":
        """Give it as others than duty officers are told: of crimes and tips without the place."""
        if self.kind not in _PLACE_WITHHELD:
            return self
        return replace(self, address="", position=None)


@dataclass(frozen=True)
class Followed:
    """How far a report is, and where the incident stands that goes on for it."""

    report: Report
    state: IncidentState


@dataclass(frozen=True)
class Receipt:
    """What whoever reports takes home."""

    report: Report
    category: Category
    token: str


@dataclass(frozen=True)
class ReportWanted:
    """A report as it comes in; `incident_id` is an open incident that an officer says it belongs to.

    `account` is empty for an anonymous one: it stands nowhere.
    """

    by: ReporterKind
    account: str
    request_id: str
    digest: bytes
    category: str
    channel: ReportChannel
    content: Content
    address: str
    position: Position | None
    occurred_at: datetime | None
    premises_id: str = ""
    road_accident: RoadAccident | None = None
    incident_id: UUID | None = None

    @property
    def received_by(self) -> str:
        """Name the officer who received it; nobody where the platform did."""
        return self.account if self.by is ReporterKind.OFFICER else ""

    def place_key(self, report_id: UUID) -> str:
        """Name what has at most one open fire: the premises, or nothing that another report could name."""
        return f"premises:{self.premises_id}" if self.premises_id else f"report:{report_id}"

    def check(self, category: Category) -> None:
        """Raise CategoryNotOpenError, or FieldInvalidError where the form is not that of the category's kind."""
        if self.by not in category.reporters:
            raise CategoryNotOpenError
        is_accident = category.kind is IncidentKind.ROAD_ACCIDENT
        if is_accident != (self.road_accident is not None):
            raise FieldInvalidError(
                "road_accident",
                Rule(
                    "bắt buộc với tai nạn giao thông đường bộ, và chỉ dùng cho loại đó",
                    "for road accidents only, and needed there",
                ),
            )
        if self.content.involved and category.kind in _WITHOUT_PERSONS:
            raise FieldInvalidError(
                "involved",
                Rule(
                    "không ghi ai với tai nạn giao thông và tin báo tội phạm",
                    "nobody for road accidents and crime reports",
                ),
            )


@dataclass(frozen=True)
class Split(Write):
    """Taking reports out of an incident."""

    report_ids: tuple[UUID, ...]
    reason: str


@dataclass(frozen=True)
class ReportListing:
    """A page of reports, newest first, after the one that was received at a time and has an id."""

    incident_id: UUID | None
    category: str
    size: int
    after: tuple[datetime, UUID] | None


# Where the place alone may tell whom it is about, or who told it.
_PLACE_WITHHELD = frozenset({IncidentKind.CRIME_REPORT, IncidentKind.ANONYMOUS_TIP})
_WITHOUT_PERSONS = frozenset({IncidentKind.ROAD_ACCIDENT, IncidentKind.CRIME_REPORT})


def report_number(year: int, ordinal: int) -> str:
    """Write the number for people, `TIN-2026-000042`."""
    return f"TIN-{year}-{ordinal:06d}"


def numbers_of(reports: Sequence[Report]) -> str:
    """Name reports for people."""
    return ", ".join(report.number for report in reports)
