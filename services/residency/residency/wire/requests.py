"""Requests as they are read; what a field may hold is checked here."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis import pages
from chassis.errors import DomainError, FieldInvalidError, PageTokenInvalidError
from chassis.idempotency import check_request_id
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import MAX_CHARACTERS, FullName
from residency.domain.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.places import (
    BuildingNotFoundError,
    DwellingNotFoundError,
)
from residency.domain.residence import (
    RegistrationNotFoundError,
    ResidenceApplication,
    ResidenceKind,
    Sex,
    Term,
)
from residency.domain.verification import Declaration
from ward.residency.v1 import residency_pb2 as pb

_MAX_GROUP = 2**31 - 1
_KINDS = {
    pb.RESIDENCE_KIND_PERMANENT: ResidenceKind.PERMANENT,
    pb.RESIDENCE_KIND_TEMPORARY: ResidenceKind.TEMPORARY,
}
_SEXES = {pb.SEX_MALE: Sex.MALE, pb.SEX_FEMALE: Sex.FEMALE}


def declaration(
    request: pb.VerifyIdentityRequest, codes: RegistrationCodes, today: date
) -> Declaration:
    """Read what is declared; an empty name or an absent birth date is not."""
    return Declaration(
        number=PersonalIdNumber.parse(request.personal_id_number, codes, today),
        full_name=_full_name(request.full_name) if request.full_name else None,
        birth_date=(
            _birth_date(request.birth_date, today) if request.HasField("birth_date") else None
        ),
    )


def residence_application(
    request: pb.RegisterResidenceRequest, codes: RegistrationCodes, today: date
) -> ResidenceApplication:
    """Read a decided registration."""
    check_request_id(request.request_id)
    kind = _KINDS.get(request.kind)
    if kind is None:
        raise FieldInvalidError("kind", "permanent or temporary")
    sex = _SEXES.get(request.sex)
    if sex is None:
        raise FieldInvalidError("sex", "male or female")
    return ResidenceApplication(
        dwelling_id=dwelling_id(request.dwelling_id),
        kind=kind,
        number=PersonalIdNumber.parse(request.personal_id_number, codes, today),
        full_name=_full_name(request.full_name),
        birth_date=_birth_date(request.birth_date, today),
        sex=sex,
        term=Term(_day("valid_from", request.valid_from), _end_of_term(request, kind)),
    )


def end_of_residence(request: pb.EndResidenceRequest) -> tuple[UUID, date]:
    """Read which registration ends, and on which day."""
    check_request_id(request.request_id)
    registration_id = _uuid(request.registration_id, RegistrationNotFoundError())
    return registration_id, _day("ended_on", request.ended_on)


def dwelling_id(text: str) -> UUID:
    """Read a dwelling's id; what is no id is the id of no dwelling."""
    return _uuid(text, DwellingNotFoundError())


def building_id(text: str) -> UUID:
    """Read a building's id; what is no id is the id of no building."""
    return _uuid(text, BuildingNotFoundError())


def residential_group(request: pb.ListBuildingsRequest) -> int:
    """Read the residential group to list, 0 for all."""
    if request.residential_group > _MAX_GROUP:
        raise FieldInvalidError("residential_group", "the number of a group; 0 is all")
    return request.residential_group


def page_after(token: str, of_list: str) -> UUID | None:
    """Read the id after which a page of that list begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    if key[0] != of_list:
        raise PageTokenInvalidError
    return _uuid(key[1], PageTokenInvalidError())


def _uuid(text: str, otherwise: DomainError) -> UUID:
    """Read an id in its canonical form only."""
    try:
        parsed = UUID(text)
    except ValueError:
        raise otherwise from None
    if str(parsed) != text:
        raise otherwise
    return parsed


def _full_name(text: str) -> FullName:
    try:
        return FullName.parse(text)
    except ValueError:
        rule = f"1 to {MAX_CHARACTERS} characters: letters, spaces and ' - . only"
        raise FieldInvalidError("full_name", rule) from None


def _birth_date(value: Any, today: date) -> PartialDate:  # noqa: ANN401 - google.type.Date ships no types
    try:
        born = PartialDate.of(value.year, value.month, value.day)
    except ValueError:
        born = None
    if born is None or born.earliest > today:
        rule = "a day, month or year of the calendar, not in the future"
        raise FieldInvalidError("birth_date", rule)
    return born


def _day(field: str, value: Any) -> date:  # noqa: ANN401 - google.type.Date ships no types
    try:
        return date(value.year, value.month, value.day)
    except ValueError:
        raise FieldInvalidError(field, "a day of the calendar") from None


def _end_of_term(request: pb.RegisterResidenceRequest, kind: ResidenceKind) -> date | None:
    if not request.HasField("valid_until"):
        return None
    if kind is ResidenceKind.PERMANENT:
        raise FieldInvalidError("valid_until", "absent for permanent residence")
    return _day("valid_until", request.valid_until)
