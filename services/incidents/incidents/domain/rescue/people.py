"""How many people may be inside, and how far each number can be trusted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Provenance:
    """Where a number comes from: its source, when that last changed or confirmed it, and whether there may be more.

    `as_of` is None and `age_s` 0 where the source has told nothing yet; `stale` while it does not answer, or its
    events queue.
    """

    source: str
    as_of: datetime | None
    lower_bound: bool
    age_s: int
    stale: bool = False


@dataclass(frozen=True)
class Headcount:
    """People of one dwelling, each number apart.

    `age_bands` are counts of those present, youngest first; `assistance` counts them by the contract's number of the
    type.
    """

    registered: int
    age_bands: tuple[int, ...]
    assistance: Mapping[int, int]
    as_of: datetime | None
    absent: int = 0
    lodging: int = 0
    foreign: int = 0
    # Close relatives who come often and may be there besides.
    standing: int = 0

    @property
    def present(self) -> int:
        """People who are there as far as was declared."""
        return self.registered - self.absent + self.lodging + self.foreign


@dataclass(frozen=True)
class PeopleEstimate:
    """The sum over dwellings, as old as its oldest part."""

    registered: int
    age_bands: tuple[int, ...]
    assistance: Mapping[int, int]
    provenance: Provenance
    absent: int
    lodging: int
    foreign: int
    standing: int

    @property
    def present(self) -> int:
        """People who are there as far as was declared."""
        return self.registered - self.absent + self.lodging + self.foreign


AGE_BANDS = 5
# The services that numbers come from.
RESIDENCY, FIRE_SAFETY = "residency", "fire-safety"


def estimate(
    counts: Sequence[Headcount], now: datetime, silent: frozenset[str] = frozenset()
) -> PeopleEstimate:
    """Add up; `silent` names the sources that do not answer now.

    Always a lower bound: lodging may be declared until 23:00 or the next morning, and nobody declares a visit.
    """
    times = [count.as_of for count in counts if count.as_of is not None]
    assistance: Counter[int] = Counter()
    for count in counts:
        assistance.update(count.assistance)
    return PeopleEstimate(
        registered=sum(count.registered for count in counts),
        age_bands=tuple(
            sum(count.age_bands[band] for count in counts) for band in range(AGE_BANDS)
        ),
        assistance=dict(sorted(assistance.items())),
        provenance=provenance(RESIDENCY, min(times, default=None), now, silent, lower_bound=True),
        absent=sum(count.absent for count in counts),
        lodging=sum(count.lodging for count in counts),
        foreign=sum(count.foreign for count in counts),
        standing=sum(count.standing for count in counts),
    )


def provenance(
    source: str,
    as_of: datetime | None,
    now: datetime,
    silent: frozenset[str] = frozenset(),
    *,
    lower_bound: bool = False,
) -> Provenance:
    """Tell the age of what a source told; a clock that runs behind makes it 0, never negative."""
    age_s = 0 if as_of is None else max(0, int((now - as_of).total_seconds()))
    return Provenance(source, as_of, lower_bound, age_s, stale=source in silent)


def oldest(one: Provenance, other: Provenance) -> Provenance:
    """Tell how old a sum of both is; one that was never told makes it of unknown age."""
    first, second = sorted((one, other), key=lambda told: (told.as_of is not None, -told.age_s))
    return replace(
        first,
        source=", ".join(sorted({first.source, second.source})),
        lower_bound=first.lower_bound or second.lower_bound,
        stale=first.stale or second.stale,
    )
