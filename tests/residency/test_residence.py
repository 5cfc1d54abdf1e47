"""The rules of residence registrations."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FieldInvalidError
from residency.domain.persons.identity import RegisteredPerson, Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.residence.registrations import (
    IdentityMismatchError,
    Registration,
    RegistrationAlreadyEndedError,
    ResidenceKind,
    TemporaryLimit,
    Term,
)
from tests.residency.samples import application

TODAY = date(2026, 11, 23)
TWO_YEARS = TemporaryLimit(years=2)
PERMANENT, TEMPORARY = ResidenceKind.PERMANENT, ResidenceKind.TEMPORARY


def registration(
    valid_from: date = date(2026, 1, 1),
    valid_until: date | None = None,
    ended_on: date | None = None,
    *,
    superseded: bool = False,
) -> Registration:
    """Make a registration on the register."""
    someone = UUID(int=1)
    return Registration(
        UUID(int=9),
        Term(valid_from, valid_until),
        ended_on,
        superseded,
        ResidenceKind.PERMANENT,
        someone,
        someone,
        someone,
    )


@pytest.mark.parametrize(
    ("kind", "valid_from", "valid_until"),
    [
        (PERMANENT, date(2026, 1, 1), None),
        (TEMPORARY, date(2026, 1, 1), date(2026, 1, 2)),
        (TEMPORARY, date(2026, 1, 1), date(2028, 1, 1)),
        (TEMPORARY, date(2024, 2, 29), date(2026, 3, 1)),
    ],
)
def test_a_term_within_the_rules_is_allowed(
    kind: ResidenceKind, valid_from: date, valid_until: date | None
) -> None:
    """Permanent residence is open; temporary residence ends after two years at the latest."""
    Term(valid_from, valid_until).check(kind, TWO_YEARS)


@pytest.mark.parametrize(
    ("kind", "valid_from", "valid_until"),
    [
        pytest.param(TEMPORARY, date(2026, 1, 1), None, id="temporary without an end"),
        pytest.param(TEMPORARY, date(2026, 1, 1), date(2028, 1, 2), id="a day over two years"),
        pytest.param(TEMPORARY, date(2024, 2, 29), date(2026, 3, 2), id="over, from a leap day"),
        pytest.param(TEMPORARY, date(2026, 1, 1), date(2026, 1, 1), id="not one day"),
        pytest.param(PERMANENT, date(2026, 1, 2), date(2026, 1, 1), id="backwards"),
    ],
)
def test_a_term_outside_the_rules_names_its_end(
    kind: ResidenceKind, valid_from: date, valid_until: date | None
) -> None:
    """FIELD_INVALID on valid_until."""
    with pytest.raises(FieldInvalidError) as refused:
        Term(valid_from, valid_until).check(kind, TWO_YEARS)

    assert refused.value.metadata == {"field": "valid_until"}


def test_the_limit_is_data() -> None:
    """Another law, another limit."""
    Term(date(2026, 1, 1), date(2029, 1, 1)).check(TEMPORARY, TemporaryLimit(years=3))


@pytest.mark.parametrize("ended_on", [date(2026, 1, 1), date(2026, 6, 1), TODAY])
def test_a_registration_can_end_from_its_first_day_to_today(ended_on: date) -> None:
    """On its first day it was never valid."""
    registration().check_end(ended_on, TODAY)


@pytest.mark.parametrize("ended_on", [date(2025, 12, 31), TODAY + timedelta(days=1)])
def test_an_end_before_the_beginning_or_in_the_future_is_refused(ended_on: date) -> None:
    """FIELD_INVALID on ended_on."""
    with pytest.raises(FieldInvalidError) as refused:
        registration().check_end(ended_on, TODAY)

    assert refused.value.metadata == {"field": "ended_on"}


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(registration(ended_on=date(2026, 5, 1)), id="ended before"),
        pytest.param(registration(valid_until=date(2026, 6, 1)), id="term runs out that day"),
    ],
)
def test_what_has_ended_does_not_end_again(ended: Registration) -> None:
    """REGISTRATION_ALREADY_ENDED."""
    with pytest.raises(RegistrationAlreadyEndedError):
        ended.check_end(date(2026, 6, 1), TODAY)


def registered(
    full_name: str = "Phạm Thị Giả Định", birth_date: str = "1990-05-17", sex: Sex = Sex.FEMALE
) -> RegisteredPerson:
    """Make a person on the register."""
    name, birth = FullName.parse(full_name), PartialDate.parse(birth_date)
    return RegisteredPerson(UUID(int=1), name, birth, sex, "VNM")


@pytest.mark.parametrize(
    "person",
    [
        pytest.param(registered(), id="the same"),
        pytest.param(registered("PHẠM  THỊ GIẢ ĐỊNH"), id="case and spacing"),
        pytest.param(registered(birth_date="1990"), id="a year only"),
    ],
)
def test_the_declared_person_is_the_registered_one(person: RegisteredPerson) -> None:
    """As a verification compares."""
    application(UUID(int=2)).check_identity(person)


@pytest.mark.parametrize(
    "person",
    [
        pytest.param(registered("Phạm Thị Giả"), id="name"),
        pytest.param(registered(birth_date="1990-05-18"), id="birth date"),
        pytest.param(registered(sex=Sex.MALE), id="sex"),
    ],
)
def test_another_person_than_the_declared_one_is_refused(person: RegisteredPerson) -> None:
    """IDENTITY_MISMATCH, and which field disagrees is not told."""
    with pytest.raises(IdentityMismatchError) as refused:
        application(UUID(int=2)).check_identity(person)

    assert refused.value.metadata == {}


DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 20))


@given(DAYS, DAYS | st.none(), DAYS, DAYS | st.none())
def test_terms_overlap_when_they_share_a_day(
    first: date, first_end: date | None, second: date, second_end: date | None
) -> None:
    """Compared with the days themselves."""
    last = date(2026, 2, 1)

    def days(start: date, end: date | None) -> set[int]:
        return set(range(start.toordinal(), (end or last).toordinal()))

    shared = days(first, first_end) & days(second, second_end)

    if days(first, first_end) and days(second, second_end):
        assert Term(first, first_end).overlaps(Term(second, second_end)) == bool(shared)
