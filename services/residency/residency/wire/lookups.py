"""Persons and households as a caller may see them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from uuid import UUID

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.rules import Rule
from residency.domain.lookups.disclosure import Disclosure, PersonField
from residency.domain.lookups.search import (
    ANY_NAME,
    LEAST_LETTERS,
    After,
    NameQuestion,
    Rank,
    SearchResult,
)
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.residence.found import CurrentResidence, FoundGuest, FoundPerson
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.stays import Guest
from residency.wire import answers, fields
from ward.residency.v1 import lookups_pb2 as pb
from ward.residency.v1 import residency_pb2, stays_pb2

# Of a search.
_FOUND, _MOST_FOUND = 10, 50
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
            raise FieldInvalidError(
                "person",
                Rule("personal_id_number hoặc pseudonym", "a personal_id_number or a pseudonym"),
            )


def looked_up(
    disclosure: Disclosure, person: pb.Person | None, access_record_id: UUID
) -> pb.LookupPersonResponse:
    """Write what was found, and what is kept back."""
    return pb.LookupPersonResponse(
        person=person,
        withheld=withheld(disclosure),
        access_record_id=str(access_record_id),
    )


def searched_name(request: pb.SearchPersonsRequest) -> NameQuestion:
    """Read the name that is looked for; raises FieldInvalidError."""
    if not request.name and request.address:
        return ANY_NAME
    try:
        return NameQuestion.parse(request.name)
    except ValueError:
        rule = Rule(
            f"các tiếng của tên, từ {LEAST_LETTERS} chữ cái; có thể trống nếu có địa chỉ",
            f"words of a name, {LEAST_LETTERS} letters or more; may be empty with an address",
        )
        raise FieldInvalidError("name", rule) from None


def search_size(request: pb.SearchPersonsRequest) -> int:
    """Read how many persons a page shows; raises FieldInvalidError."""
    return pages.page_size(request.page_size, _FOUND, _MOST_FOUND)


def search_after(token: str, resolve: Callable[[str], UUID]) -> After | None:
    """Read behind whom a page begins, whom the token names by the caller's pseudonym; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    rank, pseudonym = key
    if rank not in Rank.__members__:
        raise PageTokenInvalidError
    return After(Rank[rank], resolve(pseudonym))


def _told(rank: Rank) -> pb.MatchRank.ValueType:
    """Write how well a name answers; which of equal ones are as typed is told by their order."""
    return pb.MatchRank.Value(f"MATCH_RANK_{rank.name.removesuffix('_AS_TYPED')}")


def searched(
    result: SearchResult,
    shown: Sequence[pb.Person],
    disclosure: Disclosure,
    access_record_id: UUID,
) -> pb.SearchPersonsResponse:
    """Write a page of persons; where more were found than are shown, there is a next one behind the last."""
    more = len(result.matches) > len(shown)
    matches = zip(result.matches, shown, strict=False)
    rank = result.matches[len(shown) - 1].rank.name if more else ""
    return pb.SearchPersonsResponse(
        matches=[
            pb.PersonMatch(person=person, rank=_told(match.rank)) for match, person in matches
        ],
        next_page_token=pages.encode(rank, shown[-1].pseudonym) if more else "",
        too_many=result.too_many,
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
                written.birth_date.CopyFrom(fields.partial_date(found.birth_date))
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


def guest(found: FoundGuest, disclosure: Disclosure) -> pb.DisclosedGuest:
    """Write of a guest what may be shown in an emergency, and nothing else."""
    declared = found.declared
    written = pb.DisclosedGuest(
        nationality=declared.guest.nationality,
        leaves_on=fields.optional_date(declared.leaves_on),
        standing=declared.kind is StayKind.STANDING,
    )
    shown = disclosure.shown(restricted=found.restricted)
    show_guest(written, declared.guest, shown)
    if PersonField.ASSISTANCE in shown:
        written.assistance.extend(map(answers.assistance_type, found.needs))
    return written


def show_guest(
    written: pb.DisclosedGuest | stays_pb2.GuestStay, declared: Guest, shown: Iterable[PersonField]
) -> None:
    """Write who a guest is, as far as these fields tell it."""
    for field in shown:
        match field:
            case PersonField.FULL_NAME:
                written.full_name = declared.full_name.text
            case PersonField.BIRTH_DATE:
                written.birth_date.CopyFrom(fields.partial_date(declared.birth_date))
            case PersonField.BIRTH_YEAR:
                written.birth_date.year = declared.birth_date.year
            case PersonField.SEX if declared.sex:
                written.sex = _SEXES[declared.sex]
            case PersonField.MASKED_NUMBER:
                written.masked_document = declared.document.masked
            case _:
                pass  # not declared of guests, or told elsewhere


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
        valid_from=fields.date_message(residence.valid_from),
        valid_until=fields.optional_date(residence.ends_on),
    )
