"""Persons and households as a lookup finds them, before it is decided what of them may be shown."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from residency.domain.occupancy import Assistance
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import FullName
from residency.domain.places import Dwelling
from residency.domain.residence import ResidenceKind, Sex


@dataclass(frozen=True)
class CurrentResidence:
    """A registration that is in force on the day asked for."""

    kind: ResidenceKind
    dwelling: Dwelling
    valid_from: date
    ends_on: date | None


@dataclass(frozen=True)
class FoundPerson:
    """A person of the register; numbers are sealed, and the person's own is found by its index.

    `restricted` is true while the person has the processing restricted.
    """

    person_id: UUID
    number_sealed: bytes
    number_index: bytes
    phone_sealed: bytes | None
    full_name: FullName
    birth_date: PartialDate
    sex: Sex
    needs: tuple[Assistance, ...]
    residences: tuple[CurrentResidence, ...]
    restricted: bool = False


@dataclass(frozen=True)
class FoundMember:
    """A member of a household; the relationship is empty where it was not said."""

    person: FoundPerson
    is_householder: bool
    relationship: str


@dataclass(frozen=True)
class FoundHousehold:
    """A household with those who are registered with it, householder first."""

    household_id: UUID
    dwelling: Dwelling
    members: tuple[FoundMember, ...]


@dataclass(frozen=True)
class OccupiedDwelling:
    """A dwelling with those who are registered there."""

    dwelling: Dwelling
    people: tuple[FoundPerson, ...]
