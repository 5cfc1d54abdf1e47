"""Persons and households as a lookup finds them, before it is decided what of them may be shown."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID

from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.places.buildings import Dwelling
from residency.domain.residence.occupancy import Assistance
from residency.domain.residence.registrations import ResidenceKind
from residency.domain.residence.stays import StayDeclaration


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
class FoundGuest:
    """A guest of a dwelling, with the needs of assistance that are known of who is a person of the register too.

    `restricted` is true while that person has the processing restricted.
    """

    index: bytes
    declared: StayDeclaration
    needs: tuple[Assistance, ...]
    restricted: bool


@dataclass(frozen=True)
class OccupiedDwelling:
    """A dwelling with those who are registered there, those of them who are absent, and its guests; nobody twice."""

    dwelling: Dwelling
    people: tuple[FoundPerson, ...]
    absent: frozenset[UUID]
    guests: tuple[FoundGuest, ...]

    @classmethod
    def of(
        cls,
        dwelling: Dwelling,
        people: Iterable[FoundPerson],
        declared_absent: Collection[UUID],
        guests: Iterable[FoundGuest],
    ) -> Self:
        """Put together who is there: who is registered is no guest, and who is absent but stays has come back."""
        registered, staying = tuple(people), tuple(guests)
        indexes = {person.number_index for person in registered}
        back = {guest.index for guest in staying}
        return cls(
            dwelling=dwelling,
            people=registered,
            absent=frozenset(
                person.person_id
                for person in registered
                if person.person_id in declared_absent and person.number_index not in back
            ),
            guests=tuple(guest for guest in staying if guest.index not in indexes),
        )

    @property
    def indexes(self) -> Iterator[bytes]:
        """Give the blind indexes of all who are named here."""
        yield from (person.number_index for person in self.people)
        yield from (guest.index for guest in self.guests)
