"""Rows of a table of residences: what each declares, and what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from chassis.errors import DomainError
from residency.domain.persons.identity import RegisteredPerson, Sex
from residency.domain.persons.nationality import VIETNAM
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.households import HOUSEHOLDER
from residency.domain.residence.registrations import (
    Registration,
    ResidenceApplication,
    ResidenceKind,
    Term,
)


class Fault(NamedTuple):
    """What is wrong with a row, in which column (empty: with the whole), without repeating what it holds."""

    column: str
    vi: str
    en: str


class Home(NamedTuple):
    """Where a row says that the person lives; a floor of None and a unit that is empty were not said."""

    building_key: str
    floor: int | None
    unit: str


UNKNOWN_HOME = Fault("address", "không có chỗ ở này trong sổ", "no such dwelling on the register")
AMBIGUOUS_HOME = Fault(
    "address",
    "tòa nhà có nhiều chỗ ở: ghi tầng và căn hộ",
    "several dwellings: say floor and unit",
)


@dataclass(frozen=True)
class Declared:
    """What a row without faults declares."""

    home: Home
    kind: ResidenceKind
    number: PersonalIdNumber
    full_name: FullName
    birth_date: PartialDate
    sex: Sex
    term: Term

    def applying_for(self, dwelling_id: UUID) -> ResidenceApplication:
        """Make the application for the dwelling that the home turned out to be."""
        return ResidenceApplication(
            dwelling_id=dwelling_id,
            kind=self.kind,
            number=self.number,
            full_name=self.full_name,
            birth_date=self.birth_date,
            sex=self.sex,
            term=self.term,
        )

    def registered_as(self, person_id: UUID) -> RegisteredPerson:
        """Tell what the register says of the person once the row is entered, if it did not know them."""
        return RegisteredPerson(person_id, self.full_name, self.birth_date, self.sex, VIETNAM)


@dataclass(frozen=True)
class ResidenceRow:
    """One row: its number in the file, and either what it declares or what is wrong with it."""

    number: int
    declared: Declared | None
    faults: Sequence[Fault] = ()


class Outcome(StrEnum):
    """What becomes of a row."""

    NEW = "NEW"
    # The register holds the same registration already.
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Verdict:
    """What becomes of a row; if it is refused, for faults of its own or by a rule of the register."""

    number: int
    outcome: Outcome
    faults: Sequence[Fault] = ()
    refusal: DomainError | None = None


class Known(NamedTuple):
    """A registration by what makes two the same: whose (by the number's index), where, of which kind, how long."""

    number_index: bytes
    dwelling_id: UUID
    kind: ResidenceKind
    term: Term


class Identity(NamedTuple):
    """Who has a number: the record that stands, and the one with the number if that was merged into it."""

    standing: RegisteredPerson
    merged: RegisteredPerson | None


@dataclass
class Register:
    """What the register knows of the persons of a table, while its rows are entered, by the number's index."""

    registrations: set[Known]
    identities: dict[bytes, Identity]

    def add(self, entered: Known, person: RegisteredPerson) -> None:
        """Note a registration that was entered; what is said of who was known already is left as it is."""
        self.registrations.add(entered)
        self.identities.setdefault(entered.number_index, Identity(person, None))


@dataclass(frozen=True)
class Homes:
    """The dwellings of the ward, by the key of their building's address."""

    by_building: Mapping[str, Sequence[tuple[UUID, int, str]]]

    def find(self, home: Home) -> UUID | Fault:
        """Tell which dwelling is meant: the one of the building with this floor and unit, where they are said."""
        fitting = [
            dwelling_id
            for dwelling_id, floor, unit in self.by_building.get(home.building_key, ())
            if home.floor in (None, floor) and (not home.unit or home.unit == unit.casefold())
        ]
        if not fitting:
            return UNKNOWN_HOME
        return fitting[0] if len(fitting) == 1 else AMBIGUOUS_HOME


@dataclass
class Households:
    """The households of dwellings and when somebody lives in them, while the rows of a table are entered.

    They stand in the order in which they are joined: by when they were recorded, and those of the table as founded.
    """

    by_dwelling: dict[UUID, list[tuple[datetime, UUID, list[Term]]]]

    def join(
        self, dwelling_id: UUID, term: Term, new_id: UUID, now: datetime
    ) -> tuple[UUID, str | None]:
        """Have a person live in the dwelling's first household in which somebody lives then, or found one.

        Tells the household, and as what to its householder; one who founds it is that.
        """
        there = self.by_dwelling.setdefault(dwelling_id, [])
        for _, household_id, lived_in in there:
            if any(term.overlaps(other) for other in lived_in):
                lived_in.append(term)
                return household_id, None
        there.append((now, new_id, [term]))
        return new_id, HOUSEHOLDER


@dataclass(frozen=True)
class NewPerson:
    """A person whom the register did not know, as a row declares them."""

    person_id: UUID
    number_index: bytes
    declared: Declared


@dataclass(frozen=True)
class NewResident:
    """The registration that a new person is entered with, and their membership of its household."""

    registration: Registration
    membership_id: UUID
    # A code of `household_relationships`; who founds the household is its householder.
    relationship: str | None
