"""Requests as they are read; what a field may hold is checked here."""

from datetime import date
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rules import GROUP_OR_ALL, Rule, between
from chassis.storage.idempotency import check_request_id
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.verification import Declaration
from residency.domain.residence.registrations import (
    HouseholdChoice,
    RegistrationNotFoundError,
    ResidenceApplication,
    ResidenceKind,
    Term,
)
from residency.wire import fields
from ward.residency.v1 import residency_pb2 as pb

_MAX_GROUP = 2**31 - 1
_MOST_IDENTITIES = 128
_KINDS = {
    pb.RESIDENCE_KIND_PERMANENT: ResidenceKind.PERMANENT,
    pb.RESIDENCE_KIND_TEMPORARY: ResidenceKind.TEMPORARY,
}


def declaration(
    declared: pb.VerifyIdentityRequest | pb.DeclaredIdentity, codes: RegistrationCodes, today: date
) -> Declaration:
    """Read what is declared; an empty name, an absent birth date or an unsaid sex is not."""
    return Declaration(
        number=PersonalIdNumber.parse(declared.personal_id_number, codes, today),
        full_name=fields.full_name(declared.full_name) if declared.full_name else None,
        birth_date=(
            fields.birth_date(declared.birth_date, today)
            if declared.HasField("birth_date")
            else None
        ),
        sex=fields.sex(declared.sex) if declared.sex else None,
    )


def declarations(
    request: pb.VerifyIdentitiesRequest, codes: RegistrationCodes, today: date
) -> list[Declaration]:
    """Read several; raises FieldInvalidError for none or too many."""
    if not 0 < len(request.identities) <= _MOST_IDENTITIES:
        raise FieldInvalidError("identities", between(1, _MOST_IDENTITIES))
    return [declaration(one, codes, today) for one in request.identities]


def residence_application(
    request: pb.RegisterResidenceRequest,
    codes: RegistrationCodes,
    nationalities: Nationalities,
    today: date,
) -> ResidenceApplication:
    """Read a decided registration."""
    check_request_id(request.request_id)
    kind = _KINDS.get(request.kind)
    if kind is None:
        raise FieldInvalidError("kind", Rule("thường trú hoặc tạm trú", "permanent or temporary"))
    return ResidenceApplication(
        dwelling_id=fields.dwelling_id(request.dwelling_id),
        kind=kind,
        number=PersonalIdNumber.parse(request.personal_id_number, codes, today),
        full_name=fields.full_name(request.full_name),
        birth_date=fields.birth_date(request.birth_date, today),
        sex=fields.sex(request.sex),
        term=Term(fields.day("valid_from", request.valid_from), _end_of_term(request, kind)),
        household=HouseholdChoice(
            household_id=(
                fields.household_id(request.household_id) if request.household_id else None
            ),
            founds=request.founds_household,
            relationship=request.relationship_to_householder or None,
        ),
        nationality=fields.optional_nationality(request.nationality, nationalities),
    )


def end_of_residence(request: pb.EndResidenceRequest) -> tuple[UUID, date]:
    """Read which registration ends, and on which day."""
    check_request_id(request.request_id)
    registration_id = fields.uuid(request.registration_id, RegistrationNotFoundError())
    return registration_id, fields.day("ended_on", request.ended_on)


def residential_group(request: pb.ListBuildingsRequest) -> int:
    """Read the residential group to list, 0 for all."""
    if request.residential_group > _MAX_GROUP:
        raise FieldInvalidError("residential_group", GROUP_OR_ALL)
    return request.residential_group


def _end_of_term(request: pb.RegisterResidenceRequest, kind: ResidenceKind) -> date | None:
    if not request.HasField("valid_until"):
        return None
    if kind is ResidenceKind.PERMANENT:
        raise FieldInvalidError(
            "valid_until", Rule("không ghi với thường trú", "absent for permanent residence")
        )
    return fields.day("valid_until", request.valid_until)
