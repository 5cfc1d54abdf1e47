"""Whether declared identity fields agree with the register: yes or no, and warnings of what looks odd."""

from enum import StrEnum
from typing import NamedTuple

from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber


class FieldMatch(StrEnum):
    """The answer for one field."""

    # An enumeration's own is written in Python, and each look is answered by three.
    __hash__ = str.__hash__

    YES = "YES"
    NO = "NO"
    NOT_COMPARED = "NOT_COMPARED"


class IdentityWarning(StrEnum):
    """What is odd in a declaration and yet can be right: sex changes and old errors exist."""

    BIRTH_YEAR_DIFFERS_FROM_NUMBER = "BIRTH_YEAR_DIFFERS_FROM_NUMBER"
    SEX_DIFFERS_FROM_NUMBER = "SEX_DIFFERS_FROM_NUMBER"


class Declaration(NamedTuple):
    """What a person says of themselves; a field that is None was not declared."""

    number: PersonalIdNumber
    full_name: FullName | None
    birth_date: PartialDate | None
    sex: Sex | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Name what is compared, as access records name it, in the order of the alphabet as they do.

        The sex is compared with the number's digits only.
        """
        birth = ("BIRTH_DATE",) if self.birth_date else ()
        name = ("FULL_NAME",) if self.full_name else ()
        return (*birth, *name, "NUMBER")

    @property
    def warnings(self) -> tuple[IdentityWarning, ...]:
        """Compare the declared year and sex with the number's own digits (Decree 137/2015/NĐ-CP Art. 13).

        The register is not asked, so that a warning tells nothing of it.
        """
        found = []
        if self.birth_date and self.birth_date.year != self.number.birth_year:
            found.append(IdentityWarning.BIRTH_YEAR_DIFFERS_FROM_NUMBER)
        if self.sex and (self.sex is Sex.FEMALE) != self.number.is_of_woman:
            found.append(IdentityWarning.SEX_DIFFERS_FROM_NUMBER)
        return tuple(found)


class RegisteredIdentity(NamedTuple):
    """What the register knows of a person who has the number."""

    full_name: FullName
    birth_date: PartialDate


class Verification(NamedTuple):
    """The answer, field by field."""

    number: FieldMatch
    full_name: FieldMatch
    birth_date: FieldMatch
    warnings: tuple[IdentityWarning, ...] = ()


# Whom an unknown number is compared with, so that it costs what a known one costs.
_NOBODY = RegisteredIdentity(FullName("Nguyễn Thị Không"), PartialDate(1, 1, 1))


def verify(declared: Declaration, registered: RegisteredIdentity | None) -> Verification:
    """Compare field by field; `registered` is None where the number is unknown.

    An unknown number answers in the same shape, after the same work, as a known one whose fields all disagree.
    """
    known, compared = registered is not None, registered or _NOBODY
    name, birth = declared.full_name, declared.birth_date
    same_name = name is not None and name.agrees_with(compared.full_name)
    same_birth = birth is not None and birth.agrees_with(compared.birth_date)
    return Verification(
        number=_answer(declared.number, agrees=known),
        full_name=_answer(name, agrees=same_name and known),
        birth_date=_answer(birth, agrees=same_birth and known),
        warnings=declared.warnings,
    )


def _answer(declared: object | None, *, agrees: bool) -> FieldMatch:
    if declared is None:
        return FieldMatch.NOT_COMPARED
    return FieldMatch.YES if agrees else FieldMatch.NO
