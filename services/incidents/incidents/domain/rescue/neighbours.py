"""Who is at risk beside the premises of an incident."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from incidents.domain.rescue.brief import Relation
from incidents.domain.rescue.people import Headcount

_ORDER = {relation: number for number, relation in enumerate(Relation)}


@dataclass(frozen=True)
class Home:
    """A dwelling beside the premises, or in the same building."""

    relation: Relation
    building_id: str
    address: str
    floor: int
    people: Headcount


@dataclass(frozen=True)
class Place:
    """Premises beside those of the incident; the building is empty where nobody lives."""

    relation: Relation
    premises_id: str
    building_id: str
    name: str
    address: str


@dataclass(frozen=True)
class Neighbour:
    """A building, or premises without residents, with the most pressing reason why it is at risk."""

    relation: Relation
    building_id: str
    place: Place | None
    address: str
    homes: tuple[Headcount, ...]


def above(homes: Iterable[Home], floors_in_alarm: Iterable[int]) -> list[Home]:
    """Give the dwellings above the lowest floor in alarm; none where no floor is known."""
    known = [floor for floor in floors_in_alarm if floor]
    return [home for home in homes if known and home.floor > min(known)]


def neighbours(homes: Sequence[Home], places: Sequence[Place]) -> list[Neighbour]:
    """Put homes and premises of one building together; the most pressing first, then by address."""
    by_building: dict[str, list[Home]] = defaultdict(list)
    for home in homes:
        by_building[home.building_id].append(home)
    found = []
    for place in places:
        here = by_building.pop(place.building_id, []) if place.building_id else []
        found.append(_neighbour(place.building_id, place, here))
    found.extend(_neighbour(building, None, here) for building, here in by_building.items())
    return sorted(found, key=lambda one: (_ORDER[one.relation], one.address, one.building_id))


def _neighbour(building_id: str, place: Place | None, homes: Sequence[Home]) -> Neighbour:
    reasons = [home.relation for home in homes] + ([place.relation] if place else [])
    return Neighbour(
        relation=min(reasons, key=_ORDER.__getitem__),
        building_id=building_id,
        place=place,
        address=place.address if place else homes[0].address,
        homes=tuple(home.people for home in homes),
    )
