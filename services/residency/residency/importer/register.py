"""The rows of a register as they are read, each checked against the rules and against the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.places.buildings import Building
from residency.domain.residence.households import HOUSEHOLDER
from residency.domain.residence.occupancy import Assistance
from residency.domain.residence.registrations import ResidenceKind, TemporaryLimit, Term
from residency.importer import cells
from residency.importer.files import Line

_TEXT = "a line of text without an identification number"
COLUMNS = {
    "buildings": ("building_id", "ward_code", "residential_group", "address", "storeys"),
    "dwellings": ("dwelling_id", "building_id", "floor", "unit"),
    "persons": ("person_id", "personal_id_number", "full_name", "birth_date", "sex"),
    "households": ("household_id", "dwelling_id", "householder_id"),
    "registrations": (
        "registration_id",
        "person_id",
        "dwelling_id",
        "household_id",
        "kind",
        "relationship_to_householder",
        "valid_from",
        "valid_until",
    ),
    "assistance_needs": ("person_id", "type", "review_on"),
}


@dataclass(frozen=True)
class Rules:
    """What rows are checked against, as in force on the day of the import."""

    ward_code: str
    codes: RegistrationCodes
    limit: TemporaryLimit
    # Codes of what a member is to the householder, by their Vietnamese name.
    relationships: Mapping[str, str]
    today: date


@dataclass(frozen=True)
class DwellingRow:
    """A dwelling of a known building."""

    building_id: UUID
    floor: int
    unit: str


@dataclass(frozen=True)
class PersonRow:
    """A person."""

    number: PersonalIdNumber
    full_name: FullName
    birth_date: PartialDate
    sex: Sex


@dataclass(frozen=True)
class HouseholdRow:
    """A household of a known dwelling and a known householder."""

    dwelling_id: UUID
    householder_id: UUID


@dataclass(frozen=True)
class RegistrationRow:
    """A registration of a known person in a known household."""

    person_id: UUID
    household_id: UUID
    kind: ResidenceKind
    # A code; None where it was not said.
    relationship: str | None
    term: Term
    # Where this registration makes its person a member of the household: in none of the days of an earlier one.
    membership: list[Term]


@dataclass
class Register:
    """Everything read so far, by id; `add` takes the lines of the tables in the order of COLUMNS."""

    rules: Rules
    buildings: dict[UUID, Building] = field(default_factory=dict)
    dwellings: dict[UUID, DwellingRow] = field(default_factory=dict)
    persons: dict[UUID, PersonRow] = field(default_factory=dict)
    households: dict[UUID, HouseholdRow] = field(default_factory=dict)
    registrations: dict[UUID, RegistrationRow] = field(default_factory=dict)
    needs: dict[tuple[UUID, Assistance], date] = field(default_factory=dict)
    _units: set[DwellingRow] = field(default_factory=set)
    _numbers: set[PersonalIdNumber] = field(default_factory=set)
    _permanent: dict[UUID, list[Term]] = field(default_factory=dict)
    _memberships: dict[UUID, list[Term]] = field(default_factory=dict)

    def add(self, table: str, line: Line) -> None:
        """Check a line of a table and take it in; raises ImportRefusedError."""
        adding = {
            "buildings": self._add_building,
            "dwellings": self._add_dwelling,
            "persons": self._add_person,
            "households": self._add_household,
            "registrations": self._add_registration,
            "assistance_needs": self._add_need,
        }
        adding[table](line)

    def _add_building(self, line: Line) -> None:
        building = Building(
            building_id=_new_id(line, "building_id", self.buildings),
            ward_code=line.values["ward_code"],
            residential_group=line.read("residential_group", cells.positive, "a number from 1"),
            address=line.read("address", cells.line_of_text, _TEXT),
            storeys=line.read("storeys", cells.positive, "a number from 1"),
        )
        if building.ward_code != self.rules.ward_code:
            raise line.refused("ward_code", f"this service keeps ward {self.rules.ward_code}")
        self.buildings[building.building_id] = building

    def _add_dwelling(self, line: Line) -> None:
        dwelling_id = _new_id(line, "dwelling_id", self.dwellings)
        dwelling = DwellingRow(
            building_id=_known_id(line, "building_id", self.buildings),
            floor=line.read("floor", cells.whole, "a whole number"),
            unit=line.values["unit"]
            and line.read("unit", cells.line_of_text, f"{_TEXT}, or nothing"),
        )
        if dwelling in self._units:
            raise line.refused("unit", "twice on this floor")
        self._units.add(dwelling)
        self.dwellings[dwelling_id] = dwelling

    def _add_person(self, line: Line) -> None:
        person_id = _new_id(line, "person_id", self.persons)
        person = PersonRow(
            number=line.read("personal_id_number", self._number, "12 valid digits"),
            full_name=line.read("full_name", FullName.parse, "1 to 120 characters of a name"),
            birth_date=line.read("birth_date", self._birth_date, "YYYY[-MM[-DD]], not to come"),
            sex=line.read("sex", Sex, "M or F"),
        )
        if person.number in self._numbers:
            raise line.refused("personal_id_number", "twice in this file")
        self._numbers.add(person.number)
        self.persons[person_id] = person

    def _add_household(self, line: Line) -> None:
        self.households[_new_id(line, "household_id", self.households)] = HouseholdRow(
            dwelling_id=_known_id(line, "dwelling_id", self.dwellings),
            householder_id=_known_id(line, "householder_id", self.persons),
        )

    def _add_registration(self, line: Line) -> None:
        registration_id = _new_id(line, "registration_id", self.registrations)
        household_id = _known_id(line, "household_id", self.households)
        dwelling_id = _known_id(line, "dwelling_id", self.dwellings)
        if self.households[household_id].dwelling_id != dwelling_id:
            raise line.refused("dwelling_id", "not the dwelling of the household")
        person_id, term = _known_id(line, "person_id", self.persons), _term(line)
        registration = RegistrationRow(
            person_id=person_id,
            household_id=household_id,
            kind=line.read("kind", ResidenceKind, "PERMANENT or TEMPORARY"),
            relationship=self._relationship(line, household_id, person_id),
            term=term,
            membership=self._membership(person_id, term),
        )
        self._check_term(line, registration)
        self.registrations[registration_id] = registration

    def _relationship(self, line: Line, household_id: UUID, person_id: UUID) -> str | None:
        """Read what the person is to the householder; the householder is the one the household names."""
        said = line.values["relationship_to_householder"]
        rule = "a relationship of Circular 116/2026/TT-BCA Art. 6, or nothing"
        code = line.read("relationship_to_householder", self._code, rule) if said else None
        if self.households[household_id].householder_id == person_id:
            return HOUSEHOLDER
        if code == HOUSEHOLDER:
            raise line.refused("relationship_to_householder", "not whom the household names")
        return code

    def _code(self, name_vi: str) -> str:
        code = self.rules.relationships.get(name_vi)
        if code is None:
            raise ValueError("not a relationship")
        return code

    def _membership(self, person_id: UUID, term: Term) -> list[Term]:
        """Tell the days of a term on which the person is in no household yet, and take them."""
        taken = self._memberships.setdefault(person_id, [])
        free = term.without(taken)
        taken += free
        return free

    def _check_term(self, line: Line, registration: RegistrationRow) -> None:
        term, limit = registration.term, self.rules.limit
        rule = f"after valid_from; temporary residence ends within {limit.years} years"
        line.read("valid_until", lambda _: term.check(registration.kind, limit), rule)
        born = self.persons[registration.person_id].birth_date
        line.read("valid_from", lambda _: term.check_birth(born), "not before the birth")
        if registration.kind is ResidenceKind.PERMANENT:
            others = self._permanent.setdefault(registration.person_id, [])
            if any(term.overlaps(other) for other in others):
                raise line.refused("kind", "a second permanent residence at the same time")
            others.append(term)

    def _add_need(self, line: Line) -> None:
        person_id = _known_id(line, "person_id", self.persons)
        need = line.read("type", Assistance, f"one of {', '.join(Assistance)}")
        if (person_id, need) in self.needs:
            raise line.refused("type", "twice for this person")
        self.needs[person_id, need] = line.read("review_on", cells.day, "YYYY-MM-DD")

    def _number(self, text: str) -> PersonalIdNumber:
        return PersonalIdNumber.parse(text, self.rules.codes, self.rules.today)

    def _birth_date(self, text: str) -> PartialDate:
        return cells.birth_date(text, self.rules.today)


def _new_id(line: Line, column: str, seen: Mapping[UUID, object]) -> UUID:
    found = line.read(column, cells.plain_uuid, "a UUID")
    if found in seen:
        raise line.refused(column, "twice in this file")
    return found


def _known_id(line: Line, column: str, known: Mapping[UUID, object]) -> UUID:
    found = line.read(column, cells.plain_uuid, "a UUID")
    if found not in known:
        raise line.refused(column, "names no row that exists")
    return found


def _term(line: Line) -> Term:
    until = line.values["valid_until"]
    return Term(
        valid_from=line.read("valid_from", cells.day, "YYYY-MM-DD"),
        valid_until=line.read("valid_until", cells.day, "YYYY-MM-DD or nothing")
        if until
        else None,
    )
