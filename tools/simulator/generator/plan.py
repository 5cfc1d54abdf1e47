"""Which premises the ward has and where, before anybody lives there."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from simulator.generator.apportionment import apportion
from simulator.generator.kinds import APARTMENT, INDUSTRIAL, KINDS, Homes, Kind
from simulator.generator.model import RESIDENTIAL_GROUPS
from simulator.generator.places import CLUSTER, CLUSTER_GROUP, house_addresses
from simulator.generator.seeds import Seed

DEMO_GROUP = 3
DEMO_STOREYS = 6
# Of ten industrial premises, eight are in the cluster.
IN_CLUSTER = 0.8


@dataclass(frozen=True)
class PlannedPremises:
    """Premises with number, kind and place; `building_id` where people live, else empty."""

    number: int
    kind: Kind
    group: int
    address: str
    storeys: int
    building_id: str


class Streets:
    """Gives out addresses of each residential group in walking order, each once."""

    def __init__(self, seed: Seed) -> None:
        self._walks: dict[int, Iterator[str]] = {
            group: house_addresses(seed.random(f"streets/{group}"), group)
            for group in range(1, RESIDENTIAL_GROUPS + 1)
        }

    def next(self, group: int) -> str:
        """Return the next address of that group."""
        return next(self._walks[group])


def plan_premises(seed: Seed, count: int, streets: Streets) -> list[PlannedPremises]:
    """Plan `count` premises; the first is the mid-rise apartment building of the demo."""
    rng = seed.random("plan")
    plots = _cluster_plots()
    planned = []
    for number, kind in enumerate(_kinds(rng, count), start=1):
        group, address = _place(rng, number, kind, streets, plots)
        storeys = DEMO_STOREYS if number == 1 else rng.randint(*kind.storeys)
        building_id = seed.uuid("premises-building", number) if kind.homes else ""
        planned.append(PlannedPremises(number, kind, group, address, storeys, building_id))
    return planned


def _kinds(rng: Random, count: int) -> list[Kind]:
    """Return the kinds in order of number: an apartment building first, the others mixed."""
    others = [kind.count - (kind is APARTMENT) for kind in KINDS]
    shares = apportion(count - 1, others)
    kinds = [kind for kind, share in zip(KINDS, shares, strict=True) for _ in range(share)]
    rng.shuffle(kinds)
    return [APARTMENT, *kinds]


def _place(
    rng: Random, number: int, kind: Kind, streets: Streets, plots: Iterator[str]
) -> tuple[int, str]:
    if kind is INDUSTRIAL and rng.random() < IN_CLUSTER:
        return CLUSTER_GROUP, next(plots)
    group = DEMO_GROUP if number == 1 else rng.randint(1, RESIDENTIAL_GROUPS)
    return group, streets.next(group)


def _cluster_plots() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"lô CN-{number:02d}, {CLUSTER}"


def homes_of(planned: PlannedPremises) -> list[tuple[int, str]]:
    """Return floor and unit of each home in the premises' building; no unit is a house."""
    if planned.kind.homes is Homes.FLATS:
        units = 4 if planned.number == 1 else 6
        return _flats(range(2, planned.storeys + 1), units)
    if planned.kind.homes is Homes.UPPER_FLATS:
        return _flats(range(3, planned.storeys + 1), 2)
    return [(2, "")] if planned.kind.homes is Homes.HOUSE else []


def _flats(floors: range, units: int) -> list[tuple[int, str]]:
    return [(floor, f"P{floor}{unit:02d}") for floor in floors for unit in range(1, units + 1)]
