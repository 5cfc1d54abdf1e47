"""Statistics of residents for outsiders: counts by residential group, kind of residence and age, none that are small.

A count below the smallest cell is not told, nor is a total: from totals and the other cells of a row it could be worked
out again. A count of nobody tells of nobody and stays.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import product

from residency.domain.persons.partial_date import PartialDate
from residency.domain.residence.occupancy import BAND_AGES, band_of
from residency.domain.residence.registrations import ResidenceKind

BANDS = tuple(range(len(BAND_AGES) + 1))


@dataclass(frozen=True)
class Residents:
    """How many people of one birth date are registered in a group in one kind of residence."""

    residential_group: int
    kind: ResidenceKind
    birth_date: PartialDate
    number: int


@dataclass(frozen=True)
class Cell:
    """How many residents of an age band there are; None where it is too few to tell."""

    residential_group: int
    kind: ResidenceKind
    band: int
    number: int | None


def tabulate(residents: Iterable[Residents], day: date, smallest: int) -> list[Cell]:
    """Count by age on a day; each group has all its cells, in order, and those of 1 to `smallest` - 1 are not told."""
    counts = Counter[tuple[int, ResidenceKind, int]]()
    for some in residents:
        band = band_of(some.birth_date, day)
        counts[some.residential_group, some.kind, band] += some.number
    groups = sorted({group for group, _, _ in counts})
    return [
        Cell(*key, None if 0 < counts[key] < smallest else counts[key])
        for key in product(groups, ResidenceKind, BANDS)
    ]
