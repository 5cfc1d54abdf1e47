"""Temporary absence (khai báo tạm vắng), of two grounds only: Law 68/2020/QH14 Art. 31(1) points c and d.

Points a and b are about persons under measures of courts and authorities; they are not kept here, on purpose.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from residency.domain.persons.partial_date import months_later
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.found import FoundPerson
from residency.domain.residence.registrations import Correction, Entry, Term
from residency.domain.residence.stays import Receipt, StayAlreadyEndedError


class AbsenceGround(StrEnum):
    """Why an absence is declared."""

    # Point c: of an age to be called up for military service.
    CONSCRIPTION_AGE = "CONSCRIPTION_AGE"
    # Point d: anybody, for long.
    LONG_ABSENCE = "LONG_ABSENCE"


@dataclass(frozen=True)
class AbsenceContent:
    """What is declared of an absence besides who: why, where to, and when; open without a day of return."""

    ground: AbsenceGround
    reason: str
    destination: str
    term: Term


@dataclass(frozen=True)
class AbsenceDeclaration:
    """An absence of a person of the register as it is to be entered."""

    number: PersonalIdNumber
    content: AbsenceContent


@dataclass(frozen=True)
class AbsenceLimits:
    """From how many months on an absence is declared, by its ground; versioned rows with their source."""

    months: dict[AbsenceGround, int]

    def check(self, content: AbsenceContent) -> None:
        """Refuse an absence that ends before it is so long that the law asks for it."""
        until, months = content.term.valid_until, self.months[content.ground]
        if until is not None and until < months_later(content.term.valid_from, months):
            raise FieldInvalidError(
                "valid_until",
                Rule(
                    f"ít nhất {months} tháng sau ngày bắt đầu",
                    f"at least {months} months after valid_from",
                ),
            )


@dataclass(frozen=True)
class Absence(Entry):
    """An absence as it was entered."""

    already_ended: ClassVar[type[DomainError]] = StayAlreadyEndedError

    person_id: UUID
    receipt: Receipt


@dataclass(frozen=True)
class AbsenceCorrection:
    """What should have been declared of an absence, and the day of return if the person came back."""

    content: AbsenceContent
    ended_on: date | None

    @property
    def times(self) -> Correction:
        """When it was so."""
        return Correction(self.content.term, self.ended_on)


@dataclass(frozen=True)
class ToldAbsence:
    """An absence as it is told, with what was known of its end at the asked instant."""

    absence_id: UUID
    person: FoundPerson
    content: AbsenceContent
    ended_on: date | None
    receipt: Receipt
    recorded_at: datetime
    corrects: UUID | None
    reference: str
