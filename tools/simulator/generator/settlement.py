"""People move in: buildings, dwellings, households and registrations until the ward is full."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from simulator.generator import assistance, family
from simulator.generator.apportionment import apportion
from simulator.generator.family import RENTING, SETTLED, Composition, Draw, Member
from simulator.generator.model import (
    RESIDENTIAL_GROUPS,
    WARD_CODE,
    AssistanceNeed,
    Building,
    Dwelling,
    Household,
    Person,
    Registration,
)
from simulator.generator.names import full_name, surname
from simulator.generator.numbers import PersonalIdNumbers
from simulator.generator.plan import PlannedPremises, Streets, homes_of
from simulator.generator.seeds import Seed, chance

DAYS_A_YEAR = 365.2425
# Temporary residence: at most two years (Law 68/2020/QH14 Art. 27).
TEMPORARY_DAYS = 730
# Birth dates were often kept only as a year, or year and month, before this year.
FULL_DATES_SINCE = 1962
RENTING_IN_FLATS = 0.18
ROOMS_TO_RENT = 0.025
SECOND_HOUSEHOLD = 0.03


class Settlement:
    """The rows of the residence register of a synthetic ward, in order of moving in."""

    def __init__(self, seed: Seed, as_of: date, residents: int) -> None:
        self.buildings: list[Building] = []
        self.dwellings: list[Dwelling] = []
        self.persons: list[Person] = []
        self.households: list[Household] = []
        self.registrations: list[Registration] = []
        self.needs: list[AssistanceNeed] = []
        self._seed = seed
        self._rng = seed.random("settlement")
        self._needs_rng = seed.random("needs")
        self._numbers = PersonalIdNumbers(seed.random("id-numbers"))
        self._as_of = as_of
        self._room_for = residents
        self._in_group = [0] * (RESIDENTIAL_GROUPS + 1)

    def settle_premises(self, planned: Sequence[PlannedPremises]) -> None:
        """Fill the premises where people live, in order of their number, while there are people."""
        for premises in planned:
            if premises.building_id:
                self._settle_premises(premises)

    def settle_group(self, group: int, people: int, streets: Streets) -> None:
        """Fill one residential group with houses for `people` more people, exactly."""
        room_after = self._room_for - people
        while self._room_for > room_after:
            self._settle_house(group, streets.next(group), self._room_for - room_after)

    def group_targets(self, residents: int) -> list[int]:
        """Return how many more people each group takes until all `residents` live somewhere."""
        rng = self._seed.random("groups")
        wanted = apportion(residents, [rng.uniform(0.75, 1.25) for _ in range(RESIDENTIAL_GROUPS)])
        missing = [max(w - have, 0) for w, have in zip(wanted, self._in_group[1:], strict=True)]
        return apportion(self._room_for, missing) if any(missing) else [0] * RESIDENTIAL_GROUPS

    def _settle_premises(self, premises: PlannedPremises) -> None:
        building = self._build(
            premises.building_id, premises.group, premises.address, premises.storeys
        )
        homes = homes_of(premises)
        for floor, unit in homes:
            rents = len(homes) > 1 and chance(self._rng, RENTING_IN_FLATS)
            self._occupy(building, floor, unit, RENTING if rents else SETTLED, self._room_for)

    def _settle_house(self, group: int, address: str, people: int) -> None:
        """Build a house of one family, of two, or of rented rooms, for at most `people`."""
        building_id = self._seed.uuid("building", len(self.buildings))
        storeys = self._rng.choices((1, 2, 3, 4, 5), (24, 36, 30, 8, 2))[0]
        building = self._build(building_id, group, address, storeys)
        for floor, unit, kinds in _rooms(self._rng, storeys):
            people -= self._occupy(building, floor, unit, kinds, people)

    def _build(self, building_id: str, group: int, address: str, storeys: int) -> Building:
        building = Building(building_id, WARD_CODE, group, address, storeys)
        self.buildings.append(building)
        return building

    def _occupy(
        self, building: Building, floor: int, unit: str, kinds: dict[Draw, int], people: int
    ) -> int:
        """Make a dwelling and a household of at most `people` in it; return how many moved in."""
        if people <= 0:
            return 0
        dwelling_id = self._seed.uuid("dwelling", len(self.dwellings))
        self.dwellings.append(Dwelling(dwelling_id, building.building_id, floor, unit))
        composition = family.draw_household(self._rng, kinds)[:people]
        self._move_in(dwelling_id, composition, temporary=kinds is RENTING)
        self._room_for -= len(composition)
        self._in_group[building.residential_group] += len(composition)
        return len(composition)

    def _move_in(self, dwelling_id: str, members: Composition, *, temporary: bool) -> None:
        household_id = self._seed.uuid("household", len(self.households))
        surnames = {member.family: surname(self._rng) for member in members}
        births = [_birth(self._rng, member.age, self._as_of) for member in members]
        people = [
            self._person(member, birth, surnames[member.family])
            for member, birth in zip(members, births, strict=True)
        ]
        self.households.append(Household(household_id, dwelling_id, people[0].person_id))
        since = self._home_since(members[0].age, temporary=temporary)
        for person, member, birth in zip(people, members, births, strict=True):
            start = min(max(since, birth + timedelta(days=20)), self._as_of)
            self.registrations.append(
                Registration(
                    self._seed.uuid("registration", len(self.registrations)),
                    person.person_id,
                    dwelling_id,
                    household_id,
                    "TEMPORARY" if temporary else "PERMANENT",
                    member.relationship,
                    start,
                    start + timedelta(days=TEMPORARY_DAYS) if temporary else None,
                )
            )
            self.needs += assistance.needs_of(
                self._needs_rng, person.person_id, member, birth, self._as_of
            )

    def _person(self, member: Member, birth: date, family_name: str) -> Person:
        person = Person(
            self._seed.uuid("person", len(self.persons)),
            self._numbers.next(member.sex, birth),
            full_name(self._rng, family_name, member.sex, birth.year),
            _as_recorded(self._rng, birth),
            member.sex,
        )
        self.persons.append(person)
        return person

    def _home_since(self, householder_age: int, *, temporary: bool) -> date:
        if temporary:
            return self._as_of - timedelta(days=self._rng.randint(5, 360))
        years = self._rng.uniform(0.1, max(1, min(householder_age - 18, 35)))
        return self._as_of - timedelta(days=int(years * DAYS_A_YEAR))


def _birth(rng: Random, age: int, as_of: date) -> date:
    """Return a birth date of somebody who is `age` full years old on that day."""
    return as_of - timedelta(days=int((age + rng.uniform(0.01, 0.98)) * DAYS_A_YEAR) + 1)


def _rooms(rng: Random, storeys: int) -> list[tuple[int, str, dict[Draw, int]]]:
    """Return floor, unit and tenure of the homes in a house: one, two, or rooms to rent."""
    if chance(rng, ROOMS_TO_RENT):
        return [(1, f"phòng {room}", RENTING) for room in range(1, rng.randint(4, 10) + 1)]
    second = storeys > 1 and chance(rng, SECOND_HOUSEHOLD)
    return [(1, "", SETTLED), *([(2, "tầng 2", SETTLED)] if second else [])]


def _as_recorded(rng: Random, birth: date) -> str:
    if birth.year >= FULL_DATES_SINCE:
        return birth.isoformat()
    forms = (birth.isoformat(), f"{birth:%Y}", f"{birth:%Y-%m}")
    return rng.choices(forms, (95, 3.5, 1.5))[0]
