"""Yes or no per field."""

import pytest

from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.verification import (
    Declaration,
    FieldMatch,
    IdentityWarning,
    RegisteredIdentity,
    Verification,
    verify,
)
from tests.residency.samples import number

YES, NO, NOT_COMPARED = FieldMatch.YES, FieldMatch.NO, FieldMatch.NOT_COMPARED
NAME, BIRTH = FullName("Phạm Thị Giả Định"), PartialDate(1990, 5, 17)
REGISTERED = RegisteredIdentity(NAME, BIRTH)


@pytest.mark.parametrize(
    ("name", "birth", "expected"),
    [
        (NAME, BIRTH, Verification(YES, YES, YES)),
        (FullName("Phạm Giả"), BIRTH, Verification(YES, NO, YES)),
        (NAME, PartialDate(1990), Verification(YES, YES, YES)),
        (NAME, PartialDate(1990, 5, 18), Verification(YES, YES, NO)),
        (None, BIRTH, Verification(YES, NOT_COMPARED, YES)),
        (None, None, Verification(YES, NOT_COMPARED, NOT_COMPARED)),
    ],
)
def test_each_declared_field_is_compared_by_itself(
    name: FullName | None, birth: PartialDate | None, expected: Verification
) -> None:
    """What was not declared is not compared."""
    assert verify(Declaration(number(), name, birth), REGISTERED) == expected


def test_an_unknown_number_answers_no_in_the_same_shape() -> None:
    """As a known number whose fields all disagree."""
    assert verify(Declaration(number(), NAME, BIRTH), None) == Verification(NO, NO, NO)
    assert verify(Declaration(number(), None, BIRTH), None) == Verification(NO, NOT_COMPARED, NO)


YEAR = IdentityWarning.BIRTH_YEAR_DIFFERS_FROM_NUMBER
SEX = IdentityWarning.SEX_DIFFERS_FROM_NUMBER


@pytest.mark.parametrize(
    ("digits", "birth", "sex", "expected"),
    [
        ("999090000001", BIRTH, Sex.MALE, ()),
        ("999190000001", BIRTH, Sex.FEMALE, ()),
        ("999205000001", PartialDate(2005), Sex.MALE, ()),
        ("999090000001", BIRTH, Sex.FEMALE, (SEX,)),
        ("999305000001", BIRTH, Sex.MALE, (YEAR, SEX)),
        ("999190000001", PartialDate(1890), None, (YEAR,)),
        ("999190000001", None, None, ()),
    ],
)
@pytest.mark.parametrize("registered", [REGISTERED, None])
def test_what_the_number_itself_says_warns_and_refuses_nothing(
    digits: str,
    birth: PartialDate | None,
    sex: Sex | None,
    expected: tuple[IdentityWarning, ...],
    registered: RegisteredIdentity | None,
) -> None:
    """Year and sex stand in the digits; a warning is the same for numbers that nobody has."""
    declared = Declaration(PersonalIdNumber(digits), NAME, birth, sex)

    assert verify(declared, registered).warnings == expected
