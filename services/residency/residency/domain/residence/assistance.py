"""What help persons need to get out: declared, renewed and withdrawn; no diagnosis is kept.

A need is sensitive data (Decree 356/2025/NĐ-CP Art. 4): it is kept on consent or on a named legal basis, and somebody
asks again within a year. Until it is withdrawn it counts, also past its review.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from residency.domain.persons.partial_date import months_later
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.found import FoundPerson
from residency.domain.residence.occupancy import Assistance
from residency.domain.residence.registrations import EntrySupersededError


class AssistanceNeedNotFoundError(DomainError):
    """No need of assistance has this id."""

    reason = "ASSISTANCE_NEED_NOT_FOUND"


class AssistanceNeedExistsError(DomainError):
    """The person has declared this need already; it is renewed, not declared again."""

    reason = "ASSISTANCE_NEED_EXISTS"


class AssistanceNeedWithdrawnError(DomainError):
    """The need was withdrawn before."""

    reason = "ASSISTANCE_NEED_WITHDRAWN"


class AssistanceBasis(StrEnum):
    """On what a need is kept."""

    CONSENT = "CONSENT"
    LAW = "LAW"


@dataclass(frozen=True)
class Grounds:
    """On what a need is kept; the article where that is the law, else empty."""

    basis: AssistanceBasis
    legal_basis: str

    def __post_init__(self) -> None:
        """Refuse a law without its article, and an article where consent was given."""
        if (self.basis is AssistanceBasis.LAW) != bool(self.legal_basis):
            raise FieldInvalidError(
                "legal_basis",
                Rule(
                    "điều luật làm căn cứ; để trống nếu theo sự đồng ý",
                    "the article of the law; empty with consent",
                ),
            )


@dataclass(frozen=True)
class Proxy:
    """Who declared for the person (a parent, a guardian)."""

    full_name: FullName
    number: PersonalIdNumber


@dataclass(frozen=True)
class NeedStatement:
    """What is said of a need when it is declared, and again when it is renewed."""

    grounds: Grounds
    proxy: Proxy | None
    review_on: date


@dataclass(frozen=True)
class ReviewLimit:
    """The longest time until somebody asks again, in months; a versioned row with its source."""

    months: int

    def check(self, review_on: date, today: date) -> None:
        """Refuse a review that is not to come, or too late."""
        if not today < review_on <= months_later(today, self.months):
            raise FieldInvalidError(
                "review_on",
                Rule(
                    f"sau hôm nay, trong vòng {self.months} tháng",
                    f"after today, within {self.months} months",
                ),
            )


@dataclass(frozen=True)
class Need:
    """A need as it was entered."""

    need_id: UUID
    person_id: UUID
    type: Assistance
    valid_from: date
    superseded: bool = False
    withdrawn: bool = False

    def check_current(self) -> None:
        """Refuse what was renewed by a newer entry, or withdrawn."""
        if self.superseded:
            raise EntrySupersededError
        if self.withdrawn:
            raise AssistanceNeedWithdrawnError


@dataclass(frozen=True)
class ToldNeed:
    """A need that counts, as it is told; `grounds` is None where it was loaded and nobody said."""

    need_id: UUID
    person: FoundPerson
    type: Assistance
    grounds: Grounds | None
    by_proxy: bool
    valid_from: date
    review_on: date
    recorded_at: datetime
    reference: str

    def due(self, today: date) -> bool:
        """Tell whether somebody must ask again."""
        return self.review_on <= today
