"""The declaration of a change of residence: form CT01 of Circular 116/2026/TT-BCA, with what is to be entered."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Self
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from residency.domain.persons.contact import Contact, PassportNumber
from residency.domain.persons.identity import RegisteredPerson, Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdInvalidError, PersonalIdNumber
from residency.domain.residence.absences import AbsenceContent
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.registrations import (
    HouseholdChoice,
    IdentityMismatchError,
    PermanentResidenceExistsError,
    PersonNotRegisteredError,
    Registration,
    RegistrationAlreadyEndedError,
    ResidenceApplication,
    ResidenceKind,
    TemporaryResidenceExistsError,
    Term,
)
from residency.domain.residence.stays import (
    LodgingTooLongError,
    StayDeclaration,
    StayOverlapsError,
)

# What is said of one person or field of a declaration, not of it as a whole.
_OF_A_PART = (
    FieldInvalidError,
    IdentityMismatchError,
    LodgingTooLongError,
    PermanentResidenceExistsError,
    PersonNotRegisteredError,
    PersonalIdInvalidError,
    StayOverlapsError,
    TemporaryResidenceExistsError,
)


@contextmanager
def told_at(place: str, called: str = "") -> Iterator[None]:
    """Have a refusal say of which place in the declaration it is, with its field there: that it names, or `called`."""
    try:
        yield
    except _OF_A_PART as refusal:
        field = called or refusal.metadata.get("field")
        refusal.metadata["field"] = f"{place}.{field}" if field else place
        raise


class RenewalNotOpenError(DomainError):
    """Renewal was not asked for in the last days of a term of temporary residence."""

    reason = "RENEWAL_NOT_OPEN"


class CaseKind(StrEnum):
    """What a case asks for."""

    PERMANENT_RESIDENCE = "PERMANENT_RESIDENCE"
    TEMPORARY_RESIDENCE = "TEMPORARY_RESIDENCE"
    RENEWAL = "RENEWAL"
    DEREGISTRATION = "DEREGISTRATION"
    HOUSEHOLD_SPLIT = "HOUSEHOLD_SPLIT"
    CHANGE_OF_INFORMATION = "CHANGE_OF_INFORMATION"
    LODGING = "LODGING"
    TEMPORARY_ABSENCE = "TEMPORARY_ABSENCE"
    FOREIGN_STAY = "FOREIGN_STAY"


class Signatory(StrEnum):
    """Who signed a declaration."""

    DECLARANT = "DECLARANT"
    HOUSEHOLDER = "HOUSEHOLDER"
    DWELLING_OWNER = "DWELLING_OWNER"
    PARENT_OR_GUARDIAN = "PARENT_OR_GUARDIAN"


@dataclass(frozen=True)
class DeclaredPerson:
    """A person as a declaration names them; the relationship is to the householder and may be empty."""

    number: PersonalIdNumber
    full_name: FullName
    birth_date: PartialDate
    sex: Sex
    relationship: str


@dataclass(frozen=True)
class NewResidence:
    """Permanent or temporary residence of the declarant and the members."""

    kind: ResidenceKind
    dwelling_id: UUID
    term: Term


@dataclass(frozen=True)
class Renewal:
    """A further term of temporary residence, until before a day, after the one that runs out."""

    registration_id: UUID
    valid_until: date

    def next_term(self, registered: Registration, asked_on: date, window_days: int) -> Term:
        """Tell the further term; it can be asked for in the last days of the term that runs out only.

        Raises RenewalNotOpenError, RegistrationAlreadyEndedError for what was ended before its term, or
        EntrySupersededError.
        """
        registered.check_current()
        runs_out = registered.term.valid_until
        if registered.ended_on is not None:
            raise RegistrationAlreadyEndedError
        if runs_out is None or not runs_out - timedelta(days=window_days) <= asked_on < runs_out:
            raise RenewalNotOpenError(days=str(window_days))
        return Term(runs_out, self.valid_until)


@dataclass(frozen=True)
class Deregistration:
    """The end of a registration from a day on."""

    registration_id: UUID
    ended_on: date


@dataclass(frozen=True)
class HouseholdSplit:
    """A household of their own for the declarant, who becomes its householder, and the members, from a day on."""

    valid_from: date


@dataclass(frozen=True)
class ChangeOfInformation:
    """The register says of the declarant and the members what they declare.

    With `new_householder_from`, the declarant also is the householder from that day on, and the members are to them
    what is declared.
    """

    new_householder_from: date | None


@dataclass(frozen=True)
class GuestStays:
    """Stays of guests, at least one, whom the declarant lodges or of whom they are one; all are foreign, or none is."""

    stays: tuple[StayDeclaration, ...]

    @property
    def foreign(self) -> bool:
        """Whether the guests are foreigners."""
        return self.stays[0].kind is StayKind.FOREIGN

    def lodgings_before(self, position: int) -> list[Term]:
        """Tell when else its guest lodges in the dwelling of a stay, by those that are declared before it."""
        own = self.stays[position]
        return [
            stay.term
            for stay in self.stays[:position]
            if stay.kind is StayKind.LODGING
            and stay.guest.document == own.guest.document
            and stay.dwelling_id == own.dwelling_id
        ]

    def place_of(self, position: int) -> str:
        """Say where a stay stands in the declaration."""
        kind = CaseKind.FOREIGN_STAY if self.foreign else CaseKind.LODGING
        return f"{_place_of(kind)}.guests[{position + 1}]"

    def check_nights(self) -> None:
        """Refuse one guest twice for a night; raises StayOverlapsError."""
        nights = [one for one in enumerate(self.stays) if one[1].kind is not StayKind.STANDING]
        for (_, one), (position, other) in combinations(nights, 2):
            if one.guest.document == other.guest.document and one.term.overlaps(other.term):
                raise StayOverlapsError(field=self.place_of(position))


@dataclass(frozen=True)
class TemporaryAbsence:
    """An absence of the declarant and the members."""

    content: AbsenceContent


Change = (
    NewResidence
    | Renewal
    | Deregistration
    | HouseholdSplit
    | ChangeOfInformation
    | GuestStays
    | TemporaryAbsence
)


@dataclass(frozen=True)
class ResidenceDeclaration:
    """Who declares, who changes with them, who signed, and what is to be entered into the register."""

    declarant: DeclaredPerson
    phone: str
    email: str
    householder_name: FullName | None
    householder_number: PersonalIdNumber | None
    requested_content: str
    members: tuple[DeclaredPerson, ...]
    signatories: frozenset[Signatory]
    change: Change

    @classmethod
    def of_correction(cls, right: DeclaredPerson, request_number: str) -> Self:
        """Declare what the register should say of a person who asked for it as a data subject."""
        return cls(
            declarant=right,
            phone="",
            email="",
            householder_name=None,
            householder_number=None,
            requested_content=f"Chỉnh sửa thông tin theo yêu cầu {request_number}",
            members=(),
            signatories=frozenset({Signatory.DECLARANT}),
            change=ChangeOfInformation(None),
        )

    @classmethod
    def of_guest(
        cls, host: PersonalIdNumber, person: RegisteredPerson, declared: StayDeclaration
    ) -> Self:
        """Declare a guest as a host did who is on the register."""
        return cls(
            declarant=DeclaredPerson(host, person.full_name, person.birth_date, person.sex, ""),
            phone="",
            email="",
            householder_name=None,
            householder_number=None,
            requested_content="Thông báo lưu trú; khách đã được khai báo cho thời gian này",
            members=(),
            signatories=frozenset({Signatory.DECLARANT}),
            change=GuestStays((declared,)),
        )

    @property
    def kind(self) -> CaseKind:
        """What a case with this declaration asks for."""
        match self.change:
            case NewResidence(kind=ResidenceKind.PERMANENT):
                return CaseKind.PERMANENT_RESIDENCE
            case NewResidence():
                return CaseKind.TEMPORARY_RESIDENCE
            case Renewal():
                return CaseKind.RENEWAL
            case Deregistration():
                return CaseKind.DEREGISTRATION
            case HouseholdSplit():
                return CaseKind.HOUSEHOLD_SPLIT
            case ChangeOfInformation():
                return CaseKind.CHANGE_OF_INFORMATION
            case GuestStays():
                return CaseKind.FOREIGN_STAY if self.change.foreign else CaseKind.LODGING
            case TemporaryAbsence():
                return CaseKind.TEMPORARY_ABSENCE

    @property
    def persons(self) -> tuple[DeclaredPerson, ...]:
        """The declarant and the members who change with them."""
        return (self.declarant, *self.members)

    def place_of(self, person: DeclaredPerson) -> str:
        """Say where one of them stands in the declaration; members are counted from 1, as in google.rpc.BadRequest."""
        if person == self.declarant:
            return "declaration.declarant"
        return f"declaration.members[{self.members.index(person) + 1}]"

    @property
    def place_of_change(self) -> str:
        """Say where in the declaration stands what is to be entered."""
        return _place_of(self.kind)

    def led_by(self, householder: PersonalIdNumber | None) -> list[DeclaredPerson]:
        """Tell the same in the order in which they are entered: who founds a household heads it."""
        return sorted(self.persons, key=lambda person: person.number != householder)

    def check_persons(self) -> None:
        """Refuse to name a person twice, who could not be entered twice; raises FieldInvalidError."""
        if len({person.number for person in self.persons}) < len(self.persons):
            rule = Rule(
                "mỗi người một lần, không nêu lại người khai", "each once, without the declarant"
            )
            raise FieldInvalidError("declaration.members", rule)

    def check_births(self) -> None:
        """Refuse a residence or an absence of somebody that begins before their birth; raises FieldInvalidError."""
        match self.change:
            case NewResidence(term=term) | TemporaryAbsence(AbsenceContent(term=term)):
                for person in self.persons:
                    if term.valid_from < person.birth_date.earliest:
                        rule = Rule(
                            "không sau ngày đầu tiên được khai",
                            "not after the first day that is declared",
                        )
                        raise FieldInvalidError(f"{self.place_of(person)}.birth_date", rule)
            case _:
                pass

    @property
    def first_days(self) -> Sequence[tuple[str, date]]:
        """The days on which what is declared is to begin or end, each with where the field stands that says so."""
        place = self.place_of_change
        match self.change:
            case NewResidence() as change:
                return [(f"{place}.valid_from", change.term.valid_from)]
            case Deregistration() as change:
                return [(f"{place}.ended_on", change.ended_on)]
            case HouseholdSplit() as change:
                return [(f"{place}.valid_from", change.valid_from)]
            case ChangeOfInformation(new_householder_from=date() as since):
                return [(f"{place}.new_householder_from", since)]
            case GuestStays() as change:
                return [
                    (f"{change.place_of(position)}.arrives_at", stay.term.valid_from)
                    for position, stay in enumerate(change.stays)
                ]
            case TemporaryAbsence() as change:
                return [(f"{place}.valid_from", change.content.term.valid_from)]
            case _:
                return []

    @property
    def documents(self) -> tuple[PersonalIdNumber | PassportNumber, ...]:
        """The documents of all who are named: the declarant, the members, the householder and the guests."""
        householder = (self.householder_number,) if self.householder_number else ()
        people = (person.number for person in self.persons)
        return (*people, *householder, *self.guests)

    @property
    def guests(self) -> Mapping[PersonalIdNumber | PassportNumber, FullName]:
        """The names of guests by their documents."""
        stays = self.change.stays if isinstance(self.change, GuestStays) else ()
        return {stay.guest.document: stay.guest.full_name for stay in stays}

    def name_by(self, document: PersonalIdNumber | PassportNumber) -> str:
        """Tell the name of who is named by a document; empty where nobody is, or without a name."""
        people = ((person.number, person.full_name) for person in self.persons)
        named: list[tuple[object, FullName | None]] = [
            (self.householder_number, self.householder_name),
            *self.guests.items(),
            *people,
        ]
        name = dict(named).get(document)
        return name.text if name else ""

    @property
    def dwelling_ids(self) -> set[UUID]:
        """The dwellings where somebody is to live or stay, as far as the declaration names them."""
        match self.change:
            case NewResidence() as change:
                return {change.dwelling_id}
            case GuestStays() as change:
                return {stay.dwelling_id for stay in change.stays}
            case _:
                return set()

    @property
    def renews(self) -> UUID | None:
        """The registration whose term is to be renewed; None where another change is declared."""
        return self.change.registration_id if isinstance(self.change, Renewal) else None

    @property
    def contact(self) -> Contact:
        """How the declarant can be reached; raises FieldInvalidError for what is no contact."""
        return Contact.parse(self.phone, self.email)


def _place_of(kind: CaseKind) -> str:
    """Say where what is to be entered stands: its field is called as the kind."""
    return f"declaration.{kind.lower()}"


def application_of(
    person: DeclaredPerson, residence: NewResidence, household: HouseholdChoice
) -> ResidenceApplication:
    """Say what is to be entered for one person, and in which household."""
    return ResidenceApplication(
        dwelling_id=residence.dwelling_id,
        kind=residence.kind,
        number=person.number,
        full_name=person.full_name,
        birth_date=person.birth_date,
        sex=person.sex,
        term=residence.term,
        household=household,
    )
