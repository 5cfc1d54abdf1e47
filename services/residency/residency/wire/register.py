"""Work on the register: requests as they are read, answers as they are written."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rules import DEGREES, Rule
from residency.domain.persons.identity import IdentityCorrection, PastCorrection
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.places.buildings import LegalBasis, PlaceChange, Position
from residency.domain.residence.households import NamedMembers, Relationship
from residency.domain.residence.registrations import (
    Correction,
    RegistrationNotFoundError,
    RegistrationTold,
    Term,
)
from residency.wire import answers, fields
from ward.residency.v1 import register_pb2 as pb
from ward.residency.v1 import residency_pb2

_MAX_MEMBERS = 100
_MAX_LATITUDE, _MAX_LONGITUDE = 90, 180


def registration_id(text: str) -> UUID:
    """Read a registration's id; what is no id is the id of no registration."""
    return fields.uuid(text, RegistrationNotFoundError())


def correction(request: pb.CorrectResidenceRequest) -> Correction:
    """Read the term that a registration should have had."""
    term = Term(
        fields.day("valid_from", request.valid_from), fields.optional_day(request, "valid_until")
    )
    return Correction(term, fields.optional_day(request, "ended_on"))


def identity_correction(
    request: pb.CorrectPersonRequest,
    codes: RegistrationCodes,
    nationalities: Nationalities,
    today: date,
) -> IdentityCorrection:
    """Read what is right; what is left out stays as it is."""
    number = request.corrected_personal_id_number
    return IdentityCorrection(
        number=PersonalIdNumber.parse(number, codes, today) if number else None,
        full_name=fields.full_name(request.full_name) if request.full_name else None,
        birth_date=(
            fields.birth_date(request.birth_date, today)
            if request.HasField("birth_date")
            else None
        ),
        sex=fields.sex(request.sex) if request.sex else None,
        nationality=fields.optional_nationality(request.nationality, nationalities),
    )


def named_members(
    request: pb.RearrangeHouseholdRequest | pb.SplitHouseholdRequest,
    codes: RegistrationCodes,
    today: date,
) -> NamedMembers:
    """Read who is what in a household from a day on; nobody is named twice."""
    members = {
        PersonalIdNumber.parse(one.personal_id_number, codes, today): (
            one.relationship_to_householder
        )
        for one in request.members[: _MAX_MEMBERS + 1]
    }
    if len(members) != len(request.members) or len(members) > _MAX_MEMBERS:
        raise FieldInvalidError(
            "members",
            Rule(
                f"không quá {_MAX_MEMBERS} người, mỗi người một lần",
                f"up to {_MAX_MEMBERS} persons, each once",
            ),
        )
    return NamedMembers(
        household_id=fields.household_id(request.household_id),
        members=members,
        valid_from=fields.day("valid_from", request.valid_from),
    )


def legal_basis(request: pb.SetLegalBasisRequest) -> LegalBasis:
    """Read by what right people live in a dwelling."""
    try:
        name = residency_pb2.LegalBasis.Name(request.legal_basis)
        return LegalBasis(name.removeprefix("LEGAL_BASIS_"))
    except ValueError:
        raise FieldInvalidError(
            "legal_basis",
            Rule("sở hữu, thuê, mượn hoặc ký túc xá", "owned, rented, borrowed or dormitory"),
        ) from None


def position(request: pb.SetPositionRequest) -> Position:
    """Read where a building is."""
    read = request.position
    within = abs(read.latitude) <= _MAX_LATITUDE and abs(read.longitude) <= _MAX_LONGITUDE
    if not request.HasField("position") or not within:
        raise FieldInvalidError("position", DEGREES)
    return Position(read.latitude, read.longitude)


def residence(
    found: Sequence[RegistrationTold], access_record_id: UUID
) -> pb.GetResidenceResponse:
    """Write registrations."""
    return pb.GetResidenceResponse(
        registrations=[_registration(one) for one in found],
        access_record_id=str(access_record_id),
    )


def corrections(
    found: Sequence[PastCorrection], access_record_id: UUID
) -> pb.ListPersonCorrectionsResponse:
    """Write who corrected what."""
    return pb.ListPersonCorrectionsResponse(
        corrections=[
            pb.PersonCorrection(
                corrected_at=fields.timestamp(one.corrected_at),
                corrected_by=one.corrected_by,
                reference=one.reference,
                fields=one.fields,
            )
            for one in found
        ],
        access_record_id=str(access_record_id),
    )


def relationships(found: Sequence[Relationship]) -> pb.ListHouseholdRelationshipsResponse:
    """Write what a member may be."""
    return pb.ListHouseholdRelationshipsResponse(
        relationships=[pb.HouseholdRelationship(**vars(one)) for one in found]
    )


def place_changes(found: Sequence[PlaceChange]) -> pb.ListPlaceChangesResponse:
    """Write what was said of a place before."""
    return pb.ListPlaceChangesResponse(
        changes=[
            pb.PlaceChange(
                changed_at=fields.timestamp(one.changed_at),
                changed_by=one.changed_by,
                legal_basis=answers.legal_basis(one.legal_basis),
                position=answers.position(one.position),
            )
            for one in found
        ]
    )


def _registration(told: RegistrationTold) -> pb.Registration:
    return pb.Registration(
        registration_id=str(told.registration_id),
        kind=residency_pb2.ResidenceKind.Value(f"RESIDENCE_KIND_{told.kind}"),
        dwelling=answers.dwelling(told.dwelling),
        valid_from=fields.date_message(told.term.valid_from),
        valid_until=fields.optional_date(told.term.valid_until),
        ended_on=fields.optional_date(told.ended_on),
        recorded_at=fields.timestamp(told.recorded_at),
        end_recorded_at=fields.optional_timestamp(told.end_recorded_at),
        corrects_registration_id=str(told.corrects or ""),
        reference=told.reference,
    )
