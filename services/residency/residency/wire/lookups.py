"""Persons and households as a caller may see them."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from google.type import date_pb2

from chassis.errors import FieldInvalidError
from residency.domain.disclosure import Disclosure, PersonField
from residency.domain.lookups import CurrentResidence, FoundPerson
from residency.domain.partial_date import PartialDate
from residency.domain.personal_id import PersonalIdNumber, RegistrationCodes
from residency.wire import answers
from ward.residency.v1 import lookups_pb2 as pb
from ward.residency.v1 import residency_pb2

_SEXES = {"M": residency_pb2.SEX_MALE, "F": residency_pb2.SEX_FEMALE}


def asked_person(
    request: pb.LookupPersonRequest, codes: RegistrationCodes, today: date
) -> PersonalIdNumber | str:
    """Read who is asked for: a number, or a pseudonym; raises FieldInvalidError or PersonalIdInvalidError."""
    match request.WhichOneof("person"):
        case "personal_id_number":
            return PersonalIdNumber.parse(request.personal_id_number, codes, today)
        case "pseudonym":
            return request.pseudonym
        case _:
            raise FieldInvalidError("person", "a personal_id_number or a pseudonym")


def looked_up(
    disclosure: Disclosure, person: pb.Person | None, access_record_id: UUID
) -> pb.LookupPersonResponse:
    """Write what was found, and what is kept back."""
    return pb.LookupPersonResponse(
        person=person,
        withheld=withheld(disclosure),
        access_record_id=str(access_record_id),
    )


def withheld(disclosure: Disclosure) -> list[pb.PersonField.ValueType]:
    """Write what is kept back."""
    return [pb.PersonField.Value(f"PERSON_FIELD_{field}") for field in disclosure.withheld]


def person(
    found: FoundPerson, disclosure: Disclosure, pseudonym: str, masked_number: str, phone: str
) -> pb.Person:
    """Write of a person what may be shown, and nothing else."""
    written = pb.Person(pseudonym=pseudonym, restricted=found.restricted)
    for field in disclosure.shown(restricted=found.restricted):
        match field:
            case PersonField.FULL_NAME:
                written.full_name = found.full_name.text
            case PersonField.BIRTH_DATE:
                written.birth_date.CopyFrom(_partial(found.birth_date))
            case PersonField.BIRTH_YEAR:
                written.birth_date.year = found.birth_date.year
            case PersonField.SEX:
                written.sex = _SEXES[found.sex]
            case PersonField.MASKED_NUMBER:
                written.masked_number = masked_number
            case PersonField.RESIDENCES:
                written.residences.extend(map(_residence, found.residences))
            case PersonField.ASSISTANCE:
                written.assistance.extend(map(answers.assistance_type, found.needs))
            case PersonField.PHONE:
                written.phone = phone
            case PersonField.HOUSEHOLD:
                pass  # told by ListHousehold
    return written


def household(
    household_id: UUID,
    dwelling: residency_pb2.Dwelling,
    members: Iterable[pb.HouseholdListingMember],
) -> pb.HouseholdListing:
    """Write a household."""
    return pb.HouseholdListing(household_id=str(household_id), dwelling=dwelling, members=members)


def _residence(residence: CurrentResidence) -> pb.PersonResidence:
    return pb.PersonResidence(
        kind=residency_pb2.ResidenceKind.Value(f"RESIDENCE_KIND_{residence.kind}"),
        dwelling=answers.dwelling(residence.dwelling),
        valid_from=_day(residence.valid_from),
        valid_until=_day(residence.ends_on) if residence.ends_on else None,
    )


def _day(day: date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def _partial(day: PartialDate) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month or 0, day=day.day or 0)
