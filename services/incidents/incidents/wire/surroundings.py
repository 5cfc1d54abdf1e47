"""What a brief tells of the surroundings: who is at risk there, and where water is."""

from collections.abc import Sequence
from datetime import datetime

from incidents.domain.places import Position
from incidents.domain.rescue.brief import Beside, Brief, Relation
from incidents.domain.rescue.neighbours import Home, Neighbour, Place, above, neighbours
from incidents.domain.rescue.people import FIRE_SAFETY, estimate, provenance
from incidents.wire import brief_parts as parts
from ward.fire_safety.v1 import fire_safety_pb2, supply_points_pb2
from ward.incidents.v1 import incidents_pb2
from ward.residency.v1 import residency_pb2


def neighbour_messages(
    brief: Brief,
    dwellings: Sequence[residency_pb2.DwellingOccupancy],
    alarms: Sequence[fire_safety_pb2.Alarm],
    now: datetime,
    silent: frozenset[str],
) -> list[incidents_pb2.Neighbour]:
    """Write who is at risk: those above the fire first, then who is beside."""
    own = [_home(Relation.ABOVE, dwelling) for dwelling in dwellings]
    beside = [_home_beside(told) for told in brief.dwellings_beside]
    homes = [*above(own, (alarm.floor for alarm in alarms)), *beside]
    premises = {
        told.premises_id: (one.relation, told)
        for one in brief.premises_beside
        for told in (fire_safety_pb2.Premises.FromString(one.payload),)
    }
    places = [_place(relation, told) for relation, told in premises.values()]
    written = []
    for neighbour in neighbours(homes, places):
        told = premises[neighbour.place.premises_id][1] if neighbour.place else None
        written.append(_neighbour(neighbour, told, now, silent))
    return written


def supply_point_messages(
    brief: Brief,
    premises: fire_safety_pb2.Premises,
    now: datetime,
    silent: frozenset[str],
) -> list[incidents_pb2.NearbySupplyPoint]:
    """Write the nearest supply points with their distance, in metres."""
    here = brief.incident.position or _position(premises.position)
    written = []
    for told in brief.supply_points:
        point = supply_points_pb2.SupplyPoint.FromString(told.payload)
        age = provenance(FIRE_SAFETY, told.as_of, now, silent)
        written.append(
            incidents_pb2.NearbySupplyPoint(
                supply_point=point,
                distance_m=round(here.metres_to(_position(point.position))),
                provenance=parts.provenance_message(age),
            )
        )
    return written


def _neighbour(
    neighbour: Neighbour,
    premises: fire_safety_pb2.Premises | None,
    now: datetime,
    silent: frozenset[str],
) -> incidents_pb2.Neighbour:
    relation = f"NEIGHBOUR_RELATION_{neighbour.relation}"
    written = incidents_pb2.Neighbour(
        relation=incidents_pb2.NeighbourRelation.Value(relation),
        building_id=neighbour.building_id,
        address=neighbour.address,
        people=parts.people_message(estimate(neighbour.homes, now, silent)),
    )
    if premises is not None:
        written.premises_id, written.name = premises.premises_id, premises.name
        written.hazards.extend(premises.hazards)
        workplace = parts.workplace(premises)
        written.working = workplace.people_at(now) if workplace else 0
    return written


def _home_beside(told: Beside) -> Home:
    return _home(told.relation, residency_pb2.DwellingOccupancy.FromString(told.payload))


def _home(relation: Relation, dwelling: residency_pb2.DwellingOccupancy) -> Home:
    place = dwelling.dwelling
    counted = parts.headcount(dwelling)
    return Home(relation, place.building_id, place.address, place.floor, counted)


def _place(relation: Relation, premises: fire_safety_pb2.Premises) -> Place:
    return Place(
        relation, premises.premises_id, premises.building_id, premises.name, premises.address
    )


def _position(told: fire_safety_pb2.Position) -> Position:
    return Position(told.latitude, told.longitude)
