"""How many people are in a dwelling at an instant: counts by age and by need of assistance, never names."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from chassis.clock import ward_day, ward_time
from residency.domain.persons.partial_date import PartialDate, years_later
from residency.domain.places.buildings import Dwelling

# The ages at which a person moves on to the next band of `AgeBands`.
BAND_AGES = (6, 16, 60, 75)


class Assistance(StrEnum):
    """Help that rescue must plan for; no diagnosis is kept."""

    MOBILITY = "MOBILITY"
    SIGHT = "SIGHT"
    HEARING = "HEARING"
    INFANT = "INFANT"
    OXYGEN = "OXYGEN"
    PREGNANCY = "PREGNANCY"


class StayKind(StrEnum):
    """Why somebody is counted in a dwelling, or is not although registered."""

    REGISTERED = "REGISTERED"
    # Declared absent for months (tạm vắng).
    ABSENT = "ABSENT"
    # A guest of some nights (lưu trú).
    LODGING = "LODGING"
    # A close relative who comes often and was declared once: nobody knows the nights.
    STANDING = "STANDING"
    # A foreign guest, declared by who lodges them.
    FOREIGN = "FOREIGN"


# Who stays for nights counts on the day of leaving until the hour of `Nights`.
OVERNIGHT = frozenset({StayKind.LODGING, StayKind.STANDING, StayKind.FOREIGN})


@dataclass(frozen=True)
class Stay:
    """One reason to count a person in a dwelling, from an instant on and until before another, if it has an end.

    `person` is the same in all stays of one person, and tells nothing of them.
    """

    person: bytes
    kind: StayKind
    birth_date: PartialDate
    needs: frozenset[Assistance]
    begins_at: datetime
    ends_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Tell whether it is so at an instant."""
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)

    def turns(self, at: datetime) -> Iterator[datetime]:
        """Give the instants at which this stay changes counts: start, end, the next birthday of a band."""
        yield self.begins_at
        if self.ends_at:
            yield self.ends_at
        band = band_of(self.birth_date, ward_day(at))
        if band < len(BAND_AGES):
            birthday = ward_time(years_later(self.birth_date.earliest, BAND_AGES[band]))
            if self.covers(birthday):
                yield birthday


@dataclass(frozen=True)
class AgeBands:
    """Counts of people by age in full years."""

    under_6: int = 0
    from_6_to_15: int = 0
    from_16_to_59: int = 0
    from_60_to_74: int = 0
    from_75: int = 0


@dataclass(frozen=True)
class Counts:
    """How many people there are in a dwelling, each number apart; ages and needs are of those present.

    Nobody counts twice: who is registered and lodges in the same dwelling is registered, and who was declared absent
    but lodges there has come back.
    """

    registered: int
    absent: int
    lodging: int
    foreign: int
    # Besides those present.
    standing: int
    age_bands: AgeBands
    # A person may count under several types.
    assistance: Mapping[Assistance, int]

    @property
    def present(self) -> int:
        """People who are there as far as was declared."""
        return self.registered - self.absent + self.lodging + self.foreign


@dataclass(frozen=True)
class Nights:
    """The hours of the day, as in force, until which guests count on the day they leave, and may still be declared."""

    end_hour: int
    late_deadline_hour: int

    def closes_at(self, at: datetime) -> datetime:
        """Tell when nobody can be declared in time any more who lodges at an instant: the morning after."""
        return ward_time(ward_day(at) + timedelta(days=1), self.late_deadline_hour)


@dataclass(frozen=True)
class Occupancy:
    """The counts of one dwelling at one time; `version` grows with each change.

    `lower_bound` is true where more people may still be declared for that time.
    """

    dwelling: Dwelling
    version: int
    counts: Counts
    as_of: datetime
    lower_bound: bool


@dataclass(frozen=True)
class Occupants:
    """A dwelling with the stays that have not ended, some of which may be still to come."""

    dwelling: Dwelling
    version: int
    stays: tuple[Stay, ...]
    nights: Nights

    def counted(self, at: datetime, known_at: datetime) -> Occupancy:
        """Count who is there at an instant, with stays as they were known at another."""
        bound = known_at < self.nights.closes_at(at)
        return Occupancy(self.dwelling, self.version, count(self.stays, at), at, bound)


def count(stays: Iterable[Stay], at: datetime) -> Counts:
    """Count the people of a dwelling at an instant, each once."""
    people: dict[bytes, Stay] = {}
    kinds: defaultdict[bytes, set[StayKind]] = defaultdict(set)
    for stay in stays:
        if stay.covers(at):
            people[stay.person] = stay
            kinds[stay.person].add(stay.kind)
    counted = {person: _counted_as(of_person) for person, of_person in kinds.items()}
    present = [people[person] for person, kind in counted.items() if kind in _PRESENT]
    numbers = Counter(counted.values())
    bands = Counter(band_of(stay.birth_date, ward_day(at)) for stay in present)
    needs = Counter(need for stay in present for need in stay.needs)
    absent = sum(
        {StayKind.REGISTERED, StayKind.ABSENT} <= of_person for of_person in kinds.values()
    )
    return Counts(
        registered=numbers[StayKind.REGISTERED] + absent,
        absent=absent,
        lodging=numbers[StayKind.LODGING],
        foreign=numbers[StayKind.FOREIGN],
        standing=numbers[StayKind.STANDING],
        age_bands=AgeBands(*(bands[band] for band in range(len(BAND_AGES) + 1))),
        assistance={need: needs[need] for need in Assistance if needs[need]},
    )


def next_change(stays: Iterable[Stay], at: datetime) -> datetime | None:
    """Tell the first instant after `at` at which the counts change although nobody registers anything."""
    turning = (turn for stay in stays for turn in stay.turns(at) if turn > at)
    return min(turning, default=None)


_PRESENT = frozenset({StayKind.REGISTERED, StayKind.LODGING, StayKind.FOREIGN})


def _counted_as(kinds: set[StayKind]) -> StayKind:
    """Tell as what one person counts who has all these stays in one dwelling at one time."""
    if StayKind.REGISTERED in kinds and StayKind.ABSENT not in kinds:
        return StayKind.REGISTERED
    for kind in (StayKind.LODGING, StayKind.FOREIGN, StayKind.STANDING):
        if kind in kinds:
            return kind
    return StayKind.ABSENT


def band_of(birth_date: PartialDate, day: date) -> int:
    """Tell the index of the age band; unknown parts of the birth date make a person as old as can be."""
    born = birth_date.earliest
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return bisect_right(BAND_AGES, age)
