"""What is corrected of a person's identity, and what was corrected before."""

from dataclasses import dataclass, fields
from datetime import datetime

from chassis.errors import FieldInvalidError
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import FullName
from residency.domain.personal_id import PersonalIdNumber
from residency.domain.residence import RegisteredPerson, Sex


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
            raise FieldInvalidError("full_name", "something to correct")

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
