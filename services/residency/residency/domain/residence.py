"""Residence registrations and their rules (Law 68/2020/QH14 on Residence, as amended)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from residency.domain.partial_date import PartialDate, years_later
from residency.domain.person_name import FullName
from residency.domain.personal_id import PersonalIdNumber


class RegistrationNotFoundError(DomainError):
    """No registration has this id."""

    reason = "REGISTRATION_NOT_FOUND"


class RegistrationAlreadyEndedError(DomainError):
    """The registration was ended before, or its term runs out no later than the asked day."""

    reason = "REGISTRATION_ALREADY_ENDED"


class PermanentResidenceExistsError(DomainError):
    """The person has a permanent residence in this time; nobody has two."""

    reason = "PERMANENT_RESIDENCE_EXISTS"


class IdentityMismatchError(DomainError):
    """The number belongs to a person of another name, birth date or sex; it does not tell which."""

    reason = "IDENTITY_MISMATCH"


class ResidenceKind(StrEnum):
    """Permanent (thường trú) or temporary (tạm trú)."""

    PERMANENT = "PERMANENT"
    TEMPORARY = "TEMPORARY"


class Sex(StrEnum):
    """Sex as on the register."""

    MALE = "M"
    FEMALE = "F"


@dataclass(frozen=True)
class TemporaryLimit:
    """The longest term of temporary residence in force, in years; a versioned row with its source."""

    years: int

    def last_end(self, valid_from: date) -> date:
        """Tell the latest first day on which a residence that began then is no longer valid."""
        return years_later(valid_from, self.years)


@dataclass(frozen=True)
class Term:
    """From a day on, and until before another; without an end, open."""

    valid_from: date
    valid_until: date | None

    def check(self, kind: ResidenceKind, limit: TemporaryLimit) -> None:
        """Refuse a term that ends before it begins, and a temporary one that is open or too long."""
        if self.valid_until is None:
            if kind is ResidenceKind.TEMPORARY:
                raise FieldInvalidError("valid_until", "needed for temporary residence")
            return
        if self.valid_until <= self.valid_from:
            raise FieldInvalidError("valid_until", "after valid_from")
        if kind is ResidenceKind.TEMPORARY and self.valid_until > limit.last_end(self.valid_from):
            raise FieldInvalidError("valid_until", f"at most {limit.years} years after valid_from")

    def overlaps(self, other: "Term") -> bool:
        """Tell whether there is a day in both."""
        return (other.valid_until is None or self.valid_from < other.valid_until) and (
            self.valid_until is None or other.valid_from < self.valid_until
        )


@dataclass(frozen=True)
class RegisteredPerson:
    """A person on the register, found by the number."""

    person_id: UUID
    full_name: FullName
    birth_date: PartialDate
    sex: Sex


@dataclass(frozen=True)
class ResidenceApplication:
    """A decided registration as it is to be entered."""

    dwelling_id: UUID
    kind: ResidenceKind
    number: PersonalIdNumber
    full_name: FullName
    birth_date: PartialDate
    sex: Sex
    term: Term

    def check_identity(self, registered: RegisteredPerson) -> None:
        """Refuse to register a person who is not the one declared; a mistyped number may be somebody's."""
        same = (
            self.full_name.agrees_with(registered.full_name)
            and self.birth_date.agrees_with(registered.birth_date)
            and self.sex is registered.sex
        )
        if not same:
            raise IdentityMismatchError


@dataclass(frozen=True)
class Registration:
    """A registration on the register; `ended_on` is set once, when it is ended before its term."""

    registration_id: UUID
    person_id: UUID
    dwelling_id: UUID
    term: Term
    ended_on: date | None

    def check_end(self, ended_on: date, today: date) -> None:
        """Refuse an end in the future, before the beginning, or of what has ended."""
        if ended_on > today:
            raise FieldInvalidError("ended_on", "not in the future")
        if ended_on < self.term.valid_from:
            raise FieldInvalidError("ended_on", "not before the registration's first day")
        runs_out = self.term.valid_until
        if self.ended_on is not None or (runs_out is not None and runs_out <= ended_on):
            raise RegistrationAlreadyEndedError
