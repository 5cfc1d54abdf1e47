"""Whether declared identity fields agree with the register: yes or no, and warnings of what looks odd."""

from dataclasses import dataclass
from enum import StrEnum

from residency.domain.partial_date import PartialDate
from residency.domain.person_name import FullName
from residency.domain.personal_id import PersonalIdNumber
from residency.domain.residence import Sex


class FieldMatch(StrEnum):
    """The answer for one field."""

    YES = "YES"
    NO = "NO"
    NOT_COMPARED = "NOT_COMPARED"


class IdentityWarning(StrEnum):
    """What is odd in a declaration and yet can be right: sex changes and old errors exist."""

    BIRTH_YEAR_DIFFERS_FROM_NUMBER = "BIRTH_YEAR_DIFFERS_FROM_NUMBER"
    SEX_DIFFERS_FROM_NUMBER = "SEX_DIFFERS_FROM_NUMBER"


@dataclass(frozen=True)
class Declaration:
    """What a person says of themselves; a field that is None was not declared."""

    number: PersonalIdNumber
    full_name: FullName | None
    birth_date: PartialDate | None
    sex: Sex | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Name what is compared, as access records name it; the sex is compared with the number's digits only."""
        declared = {"FULL_NAME": self.full_name, "BIRTH_DATE": self.birth_date}
        return ("NUMBER", *(name for name, value in declared.items() if value is not None))

    @property
    def warnings(self) -> tuple[IdentityWarning, ...]:
        """Compare the declared year and sex with the number's own digits (Decree 137/2015/NĐ-CP Art. 13).

        The register is not asked, so that a warning tells nothing of it.
        """
        number, birth, sex = self.number, self.birth_date, self.sex
        found = {
            IdentityWarning.BIRTH_YEAR_DIFFERS_FROM_NUMBER: birth
            and birth.year != number.birth_year,
            IdentityWarning.SEX_DIFFERS_FROM_NUMBER: sex
            and (sex is Sex.FEMALE) != number.is_of_woman,
        }
        return tuple(warning for warning, differs in found.items() if differs)


@dataclass(frozen=True)
class RegisteredIdentity:
    """What the register knows of a person who has the number."""

    full_name: FullName
    birth_date: PartialDate


@dataclass(frozen=True)
class Verification:
    """The answer, field by field."""

    number: FieldMatch
    full_name: FieldMatch
    birth_date: FieldMatch
    warnings: tuple[IdentityWarning, ...] = ()


def verify(declared: Declaration, registered: RegisteredIdentity | None) -> Verification:
    """Compare field by field; `registered` is None where the number is unknown.

    An unknown number answers in the same shape as a known one whose fields all disagree.
    """
    name, birth = declared.full_name, declared.birth_date
    same_name = name and registered and name.agrees_with(registered.full_name)
    same_birth = birth and registered and birth.agrees_with(registered.birth_date)
    return Verification(
        number=_answer(declared.number, agrees=registered is not None),
        full_name=_answer(name, agrees=bool(same_name)),
        birth_date=_answer(birth, agrees=bool(same_birth)),
        warnings=declared.warnings,
    )


def _answer(declared: object | None, *, agrees: bool) -> FieldMatch:
    if declared is None:
        return FieldMatch.NOT_COMPARED
    return FieldMatch.YES if agrees else FieldMatch.NO
