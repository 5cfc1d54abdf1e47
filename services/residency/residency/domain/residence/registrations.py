"""Residence registrations and their rules (Law 68/2020/QH14 on Residence, as amended)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import NOT_IN_THE_FUTURE, Rule
from residency.domain.persons.identity import RegisteredPerson, Sex
from residency.domain.persons.partial_date import PartialDate, years_later
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.places.buildings import Dwelling


class RegistrationNotFoundError(DomainError):
    """No registration has this id."""

    reason = "REGISTRATION_NOT_FOUND"


class RegistrationAlreadyEndedError(DomainError):
    """The registration was ended before, or its term runs out no later than the asked day."""

    reason = "REGISTRATION_ALREADY_ENDED"


class PersonNotRegisteredError(DomainError):
    """Nobody on the register has this number."""

    reason = "PERSON_NOT_REGISTERED"


class PersonalIdTakenError(DomainError):
    """Another person on the register has the number that is said to be the right one."""

    reason = "PERSONAL_ID_TAKEN"


class PermanentResidenceExistsError(DomainError):
    """The person has a permanent residence in this time; nobody has two."""

    reason = "PERMANENT_RESIDENCE_EXISTS"


class TemporaryResidenceExistsError(DomainError):
    """The person has a temporary residence in this dwelling in this time; one term follows another."""

    reason = "TEMPORARY_RESIDENCE_EXISTS"


class EntrySupersededError(DomainError):
    """The entry was corrected or annulled before: a newer one stands in its place, or none."""

    reason = "ENTRY_SUPERSEDED"


class IdentityMismatchError(DomainError):
    """The number belongs to a person of another name, birth date or sex; it does not tell which."""

    reason = "IDENTITY_MISMATCH"


class ResidenceKind(StrEnum):
    """Permanent (thường trú) or temporary (tạm trú)."""

    PERMANENT = "PERMANENT"
    TEMPORARY = "TEMPORARY"


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
                raise FieldInvalidError(
                    "valid_until",
                    Rule("tạm trú phải có ngày hết hạn", "needed for temporary residence"),
                )
            return
        if self.valid_until <= self.valid_from:
            raise FieldInvalidError("valid_until", Rule("sau ngày bắt đầu", "after valid_from"))
        if kind is ResidenceKind.TEMPORARY and self.valid_until > limit.last_end(self.valid_from):
            raise FieldInvalidError(
                "valid_until",
                Rule(
                    f"không quá {limit.years} năm kể từ ngày bắt đầu",
                    f"at most {limit.years} years after valid_from",
                ),
            )

    def check_birth(self, born: PartialDate, field: str = "valid_from") -> None:
        """Refuse a term that begins before the first day on which the person can have been born.

        `field` says where its first day stands.
        """
        if self.valid_from < born.earliest:
            raise FieldInvalidError(field, Rule("không trước ngày sinh", "not before the birth"))

    def holds_on(self, day: date) -> bool:
        """Tell whether a day is in it."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def overlaps(self, other: "Term") -> bool:
        """Tell whether there is a day in both."""
        return (other.valid_until is None or self.valid_from < other.valid_until) and (
            self.valid_until is None or other.valid_from < self.valid_until
        )

    def common_with(self, other: "Term") -> "Term | None":
        """Tell the days that are in both; None if there are none."""
        if not self.overlaps(other):
            return None
        ends = [term.valid_until for term in (self, other) if term.valid_until is not None]
        return Term(max(self.valid_from, other.valid_from), min(ends, default=None))

    def without(self, taken: Iterable["Term"]) -> list["Term"]:
        """Tell the parts of this term that are in none of others, which do not overlap each other."""
        parts, free_from = [], self.valid_from
        for other in sorted(taken, key=lambda term: term.valid_from):
            if not self.overlaps(other):
                continue
            if free_from < other.valid_from:
                parts.append(Term(free_from, other.valid_from))
            if other.valid_until is None:
                return parts
            free_from = other.valid_until
        if self.valid_until is None or free_from < self.valid_until:
            parts.append(Term(free_from, self.valid_until))
        return parts


def check_first_day(field: str, first_day: date, last: date) -> None:
    """Refuse a first day after the last that is taken for meant: a year was mistyped. Raises FieldInvalidError."""
    if first_day > last:
        raise FieldInvalidError(
            field, Rule(f"không sau ngày {last:%d/%m/%Y}", f"not after {last.isoformat()}")
        )


@dataclass(frozen=True)
class Origin:
    """Who enters something on the register: the account, and the case number it gives."""

    account: str
    reference: str


@dataclass(frozen=True)
class Headship:
    """That a person is the householder of a household, and on which days."""

    person_id: UUID
    lasts: Term


@dataclass(frozen=True)
class HouseholdChoice:
    """Which household is joined, and as what to its householder (a code of `household_relationships`, or not said).

    Without a `household_id` it is the dwelling's first in which somebody lives then; `founds` makes a new one, which
    the person heads. Whose the `headship` is joins as the householder on its days, whatever was said.
    """

    household_id: UUID | None = None
    founds: bool = False
    relationship: str | None = None
    headship: Headship | None = None


def check_birth(born: PartialDate, terms: Iterable[Term]) -> None:
    """Refuse a birth that is later than the beginning of a residence; raises FieldInvalidError."""
    if any(term.valid_from < born.earliest for term in terms):
        raise FieldInvalidError(
            "birth_date", Rule("không sau ngày bắt đầu cư trú", "not after a residence began")
        )


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
    household: HouseholdChoice = HouseholdChoice()
    # ISO 3166-1 alpha-3; None where it was not said: a new person is Vietnamese, a known one is not compared.
    nationality: str | None = None

    def check_term(self, limit: TemporaryLimit) -> None:
        """Refuse a term that the kind of residence does not allow, or that begins before the birth."""
        self.term.check(self.kind, limit)
        self.term.check_birth(self.birth_date)

    def check_identity(
        self, registered: RegisteredPerson, merged: RegisteredPerson | None = None
    ) -> None:
        """Refuse to register a person who is not the one declared; a mistyped number may be somebody's.

        `merged` is the record that has the number, if the one that is registered stands for it: either may agree.
        """
        if not any(one and self._declares(one) for one in (registered, merged)):
            raise IdentityMismatchError

    def _declares(self, registered: RegisteredPerson) -> bool:
        return (
            self.full_name.agrees_with(registered.full_name)
            and self.birth_date.agrees_with(registered.birth_date)
            and self.sex is registered.sex
            and self.nationality in (None, registered.nationality)
        )


@dataclass(frozen=True)
class Entry:
    """What all entries of the register have: a term, ended at most once and superseded at most once."""

    already_ended: ClassVar[type[DomainError]]

    entry_id: UUID
    term: Term
    ended_on: date | None
    superseded: bool

    def check_end(self, ended_on: date, today: date) -> None:
        """Refuse an end in the future, and as `check_end_to_come` does."""
        self.check_current()
        if ended_on > today:
            raise FieldInvalidError("ended_on", NOT_IN_THE_FUTURE)
        self.check_end_to_come(ended_on)

    def check_end_to_come(self, ended_on: date) -> None:
        """Refuse an end before the beginning, or of what has ended, runs out by then or was superseded."""
        self.check_current()
        if ended_on < self.term.valid_from:
            raise FieldInvalidError(
                "ended_on", Rule("không trước ngày đầu tiên", "not before its first day")
            )
        runs_out = self.term.valid_until
        if self.ended_on is not None or (runs_out is not None and runs_out <= ended_on):
            raise self.already_ended

    def check_current(self) -> None:
        """Refuse what a newer entry, or none, has taken the place of."""
        if self.superseded:
            raise EntrySupersededError


@dataclass(frozen=True)
class Registration(Entry):
    """A registration on the register."""

    already_ended: ClassVar[type[DomainError]] = RegistrationAlreadyEndedError

    kind: ResidenceKind
    person_id: UUID
    dwelling_id: UUID
    household_id: UUID


@dataclass(frozen=True)
class Correction:
    """The term an entry should have had, and the day it was ended on if it was."""

    term: Term
    ended_on: date | None

    def check(self, today: date) -> None:
        """Refuse an end in the future or outside the term."""
        end, term = self.ended_on, self.term
        if end is None:
            return
        late = term.valid_until is not None and end > term.valid_until
        if end > today or end < term.valid_from or late:
            raise FieldInvalidError(
                "ended_on",
                Rule("trong thời hạn, không ở tương lai", "within the term, not in the future"),
            )

    @property
    def lasts(self) -> Term | None:
        """The days on which it was so; None if there were none."""
        end = self.term.valid_until if self.ended_on is None else self.ended_on
        return None if end == self.term.valid_from else Term(self.term.valid_from, end)


@dataclass(frozen=True)
class RegistrationTold:
    """A registration as it is told, with what was known of its end at the asked instant."""

    registration_id: UUID
    kind: ResidenceKind
    dwelling: Dwelling
    term: Term
    ended_on: date | None
    recorded_at: datetime
    end_recorded_at: datetime | None
    corrects: UUID | None
    reference: str
