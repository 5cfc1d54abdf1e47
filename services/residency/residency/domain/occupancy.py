"""How many people live in a dwelling on a day: counts by age and by need of assistance, never names."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from chassis.clock import ward_day
from residency.domain.partial_date import PartialDate, years_later
from residency.domain.places import Dwelling

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


@dataclass(frozen=True)
class Stay:
    """One person's registration in a dwelling, from a day on and until before another, if it has an end."""

    person_id: UUID
    birth_date: PartialDate
    needs: frozenset[Assistance]
    valid_from: date
    ends_on: date | None

    def covers(self, day: date) -> bool:
        """Tell whether the person is registered on that day."""
        return self.valid_from <= day and (self.ends_on is None or day < self.ends_on)

    def turning_days(self) -> Iterator[date]:
        """Give the days on which this stay changes counts: its start, its end, and band birthdays within."""
        yield self.valid_from
        if self.ends_on:
            yield self.ends_on
        born = self.birth_date.earliest
        yield from filter(self.covers, (years_later(born, age) for age in BAND_AGES))


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
    """How many people are registered; a person may count under several types of assistance."""

    registered: int
    age_bands: AgeBands
    assistance: Mapping[Assistance, int]


@dataclass(frozen=True)
class Occupancy:
    """The counts of one dwelling at one time; `version` grows with each change."""

    dwelling: Dwelling
    version: int
    counts: Counts
    as_of: datetime


@dataclass(frozen=True)
class Occupants:
    """A dwelling with the stays that have not ended, some of which may be still to come."""

    dwelling: Dwelling
    version: int
    stays: tuple[Stay, ...]

    def counted(self, now: datetime) -> Occupancy:
        """Count who is registered today."""
        return Occupancy(self.dwelling, self.version, count(self.stays, ward_day(now)), now)


def count(stays: Collection[Stay], day: date) -> Counts:
    """Count the people registered on a day; who has two registrations in the dwelling is one person."""
    present = {stay.person_id: stay for stay in stays if stay.covers(day)}.values()
    bands = Counter(_band(stay.birth_date, day) for stay in present)
    needs = Counter(need for stay in present for need in stay.needs)
    return Counts(
        registered=len(present),
        age_bands=AgeBands(*(bands[band] for band in range(len(BAND_AGES) + 1))),
        assistance={need: needs[need] for need in Assistance if needs[need]},
    )


def next_change(stays: Collection[Stay], day: date) -> date | None:
    """Tell the first day after `day` on which the counts change although nobody registers anything."""
    turning = (turn for stay in stays for turn in stay.turning_days() if turn > day)
    return min(turning, default=None)


def _band(birth_date: PartialDate, day: date) -> int:
    """Tell the index of the age band; unknown parts of the birth date make a person as old as can be."""
    born = birth_date.earliest
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return bisect_right(BAND_AGES, age)
