"""A person's identity as it is on the register, what is corrected of it, and what was corrected before."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber


class Sex(StrEnum):
    """Sex as on the register."""

    MALE = "M"
    FEMALE = "F"


@dataclass(frozen=True)
class RegisteredPerson:
    """A person on the register, found by the number."""

    person_id: UUID
    full_name: FullName
    birth_date: PartialDate
    sex: Sex
    nationality: str


@dataclass(frozen=True)
class IdentityCorrection:
    """The right values; a field that is None stays as it is."""

    number: PersonalIdNumber | None
    full_name: FullName | None
    birth_date: PartialDate | None
    sex: Sex | None
    nationality: str | None

    def __post_init__(self) -> None:
        """Refuse a correction of nothing."""
        if all(getattr(self, field.name) is None for field in fields(self)):
            raise FieldInvalidError(
                "full_name", Rule("có nội dung cần sửa", "something to correct")
            )

    def applied_to(self, person: RegisteredPerson) -> RegisteredPerson:
        """Tell the person as corrected; the number is not part of it."""
        return RegisteredPerson(
            person_id=person.person_id,
            full_name=self.full_name or person.full_name,
            birth_date=self.birth_date or person.birth_date,
            sex=self.sex or person.sex,
            nationality=self.nationality or person.nationality,
        )


@dataclass(frozen=True)
class PastCorrection:
    """Who corrected which fields of a person, in which case and when; not the values."""

    corrected_at: datetime
    corrected_by: str
    reference: str
    fields: tuple[str, ...]
