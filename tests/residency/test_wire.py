"""Requests as they are read, and answers as they are written, without a server."""

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from google.type import date_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import DomainError
from chassis.rpc import pages
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.verification import FieldMatch, IdentityWarning, Verification
from residency.domain.places.buildings import Building, Dwelling, LegalBasis
from residency.domain.residence.occupancy import AgeBands, Assistance, Counts, Occupancy
from residency.domain.residence.registrations import ResidenceKind, Term
from residency.wire import answers, fields, requests
from tests.residency.samples import CODES, NATIONALITIES, NOON, TODAY, number
from ward.residency.v1 import residency_pb2 as pb

PLACE = UUID("11111111-1111-4111-8111-111111111111")
FIRST_DAY = date_pb2.Date(year=2026, month=1, day=2)
BUILDING = Building(PLACE, "11002", 7, "số 12 ngõ 34, phố Thử Nghiệm", 3)


def registering(**changed: Any) -> pb.RegisterResidenceRequest:
    """Make a request to register, with fields changed."""
    request: dict[str, Any] = {
        "request_id": "request-0001",
        "dwelling_id": str(PLACE),
        "kind": pb.RESIDENCE_KIND_PERMANENT,
        "personal_id_number": number().digits,
        "full_name": " phạm  thị giả định",
        "birth_date": date_pb2.Date(year=1990, month=5),
        "sex": pb.SEX_FEMALE,
        "valid_from": FIRST_DAY,
    }
    return pb.RegisterResidenceRequest(**(request | changed))


def refused(error: DomainError) -> tuple[str, str]:
    """Tell the reason and the field."""
    return error.reason, error.metadata.get("field", "")


def test_a_registration_is_read() -> None:
    """Names in one form, dates as precisely as they were given."""
    entering = requests.residence_application(registering(), CODES, NATIONALITIES, TODAY)

    assert entering.dwelling_id == PLACE
    assert (entering.kind, entering.sex) == (ResidenceKind.PERMANENT, Sex.FEMALE)
    assert entering.full_name.text == "phạm thị giả định"
    assert entering.birth_date == PartialDate(1990, 5)
    assert entering.term == Term(date(2026, 1, 2), None)


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"request_id": "short"}, "FIELD_INVALID", "request_id"),
        ({"dwelling_id": "nowhere"}, "DWELLING_NOT_FOUND", ""),
        ({"kind": 0}, "FIELD_INVALID", "kind"),
        ({"kind": 9}, "FIELD_INVALID", "kind"),
        ({"sex": 0}, "FIELD_INVALID", "sex"),
        ({"personal_id_number": "123456789"}, "PERSONAL_ID_INVALID", "personal_id_number"),
        ({"full_name": ""}, "FIELD_INVALID", "full_name"),
        ({"birth_date": None}, "FIELD_INVALID", "birth_date"),
        ({"birth_date": date_pb2.Date(year=2026, month=12)}, "FIELD_INVALID", "birth_date"),
        ({"birth_date": date_pb2.Date(year=1990, day=1)}, "FIELD_INVALID", "birth_date"),
        ({"birth_date": date_pb2.Date(month=5, day=1)}, "FIELD_INVALID", "birth_date"),
        ({"valid_from": None}, "FIELD_INVALID", "valid_from"),
        ({"valid_from": date_pb2.Date(year=2026, month=2)}, "FIELD_INVALID", "valid_from"),
        ({"valid_from": date_pb2.Date(year=2026, month=2, day=30)}, "FIELD_INVALID", "valid_from"),
        ({"valid_from": date_pb2.Date(year=-1, month=2, day=3)}, "FIELD_INVALID", "valid_from"),
        ({"valid_until": FIRST_DAY}, "FIELD_INVALID", "valid_until"),
    ],
)
def test_a_bad_field_is_named(changed: dict[str, Any], reason: str, field: str) -> None:
    """By its path in the request."""
    with pytest.raises(DomainError) as error:
        requests.residence_application(registering(**changed), CODES, NATIONALITIES, TODAY)

    assert refused(error.value) == (reason, field)


DATES = st.builds(
    date_pb2.Date, **{part: st.integers(-(2**31), 2**31 - 1) for part in ("year", "month", "day")}
)


@given(
    st.builds(
        pb.RegisterResidenceRequest,
        request_id=st.text() | st.just("request-0001"),
        dwelling_id=st.text() | st.just(str(PLACE)),
        kind=st.integers(0, 3),
        personal_id_number=st.text() | st.just(number().digits),
        full_name=st.text(),
        birth_date=DATES,
        sex=st.integers(0, 3),
        valid_from=DATES,
        valid_until=DATES,
    )
)
def test_whatever_comes_is_read_or_refused(request_: pb.RegisterResidenceRequest) -> None:
    """With an expected error, never with another."""
    declared = pb.VerifyIdentityRequest(
        personal_id_number=number().digits,
        full_name=request_.full_name,
        birth_date=request_.birth_date,
    )
    with suppress(DomainError):
        requests.residence_application(request_, CODES, NATIONALITIES, TODAY)
    with suppress(DomainError):
        requests.declaration(declared, CODES, TODAY)


def test_an_absent_name_or_birth_date_was_not_declared() -> None:
    """The number alone can be asked for."""
    request = pb.VerifyIdentityRequest(personal_id_number=number().digits)
    declared = requests.declaration(request, CODES, TODAY)

    assert (declared.number, declared.full_name, declared.birth_date) == (number(), None, None)


def test_a_declared_birth_date_must_be_one() -> None:
    """Declared empty is not the same as not declared."""
    request = pb.VerifyIdentityRequest(
        personal_id_number=number().digits, birth_date=date_pb2.Date()
    )
    with pytest.raises(DomainError) as error:
        requests.declaration(request, CODES, TODAY)

    assert refused(error.value) == ("FIELD_INVALID", "birth_date")


@pytest.mark.parametrize(
    "text", ["", "7", "' or 1=1", f"{{{PLACE}}}", f"urn:uuid:{PLACE}", str(PLACE).replace("-", "")]
)
def test_what_is_no_id_is_the_id_of_nothing(text: str) -> None:
    """Only the canonical form is one."""
    with pytest.raises(DomainError, match="DWELLING_NOT_FOUND"):
        fields.dwelling_id(text)
    with pytest.raises(DomainError, match="BUILDING_NOT_FOUND"):
        fields.building_id(text)


def test_an_end_is_read() -> None:
    """Of what is no registration, there is no end."""
    request = pb.EndResidenceRequest(
        request_id="request-0001", registration_id=str(PLACE), ended_on=FIRST_DAY
    )

    assert requests.end_of_residence(request) == (PLACE, date(2026, 1, 2))
    request.registration_id = "7"
    with pytest.raises(DomainError, match="REGISTRATION_NOT_FOUND"):
        requests.end_of_residence(request)


def test_a_page_token_names_its_list_and_an_id() -> None:
    """Anything else is refused, the first page has none."""
    token = pages.encode("group 7", str(PLACE))

    assert fields.page_after(token, "group 7") == PLACE
    assert fields.page_after("", "group 7") is None
    for other in (pages.encode("group 8", str(PLACE)), pages.encode("group 7", "x"), "x"):
        with pytest.raises(DomainError, match="PAGE_TOKEN_INVALID"):
            fields.page_after(other, "group 7")


def test_a_group_beyond_all_groups_is_refused() -> None:
    """Before the database has to."""
    assert requests.residential_group(pb.ListBuildingsRequest(residential_group=18)) == 18
    with pytest.raises(DomainError, match="FIELD_INVALID"):
        requests.residential_group(pb.ListBuildingsRequest(residential_group=2**32 - 1))


def test_occupancy_is_written_with_the_place_and_without_names() -> None:
    """The event is the whole of what leaves the service."""
    counts = Counts(
        registered=3,
        absent=1,
        lodging=2,
        foreign=1,
        standing=4,
        age_bands=AgeBands(under_6=1, from_75=2),
        assistance={Assistance.OXYGEN: 2},
    )
    home = Dwelling(PLACE, BUILDING, 2, "P201", LegalBasis.RENTED)
    occupancy = Occupancy(home, 4, counts, NOON, lower_bound=True)
    written = answers.occupancy_changed(occupancy).occupancy

    assert written.dwelling == pb.Dwelling(
        dwelling_id=str(PLACE),
        building_id=str(PLACE),
        ward_code="11002",
        residential_group=7,
        address=BUILDING.address,
        floor=2,
        unit="P201",
        legal_basis=pb.LEGAL_BASIS_RENTED,
    )
    assert (written.absent, written.lodging, written.foreign, written.standing) == (1, 2, 1, 4)
    assert (written.present, written.lower_bound) == (5, True)
    assert (written.registered, written.version) == (3, 4)
    assert written.age_bands == pb.AgeBands(under_6=1, from_75=2)
    assert list(written.assistance) == [
        pb.AssistanceCount(type=pb.ASSISTANCE_TYPE_OXYGEN, count=2)
    ]
    assert written.as_of.ToDatetime(UTC) == datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_every_kind_of_answer_has_its_word_on_the_wire() -> None:
    """Field matches and assistance types have the names of the domain."""
    answer = Verification(
        FieldMatch.YES, FieldMatch.NO, FieldMatch.NOT_COMPARED, tuple(IdentityWarning)
    )
    written = answers.verification(pb.VerifyIdentityResponse, answer, PLACE)

    assert (written.personal_id_number, written.full_name, written.birth_date) == (
        pb.FIELD_MATCH_YES,
        pb.FIELD_MATCH_NO,
        pb.FIELD_MATCH_NOT_COMPARED,
    )
    assert list(written.warnings) == [
        pb.IDENTITY_WARNING_BIRTH_YEAR_DIFFERS_FROM_NUMBER,
        pb.IDENTITY_WARNING_SEX_DIFFERS_FROM_NUMBER,
    ]
    assert {f"ASSISTANCE_TYPE_{need}" for need in Assistance} == {
        value.name for value in pb.AssistanceType.DESCRIPTOR.values if value.number
    }
