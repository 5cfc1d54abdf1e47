"""Incidents as they are told, who is in their buildings, and each breaking of the glass."""

from collections import defaultdict
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Table, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from chassis.clock import ward_day, ward_local
from chassis.storage import outbox
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.persons.sealing import ParticularsSeal
from residency.domain.protection.break_glass import (
    BreakGlass,
    Incident,
    IncidentNotFoundError,
    IncidentPlace,
    PremisesPlace,
)
from residency.domain.residence.found import FoundGuest, FoundPerson, OccupiedDwelling
from residency.domain.residence.occupancy import Assistance
from residency.repository.limits import in_force, limit_in_force
from residency.repository.lookups import (
    in_force_on,
    person_columns,
    person_of,
    standing_columns,
)
from residency.repository.occupancy import (
    arrival,
    dwelling_of,
    moves_on_at,
    place_columns,
)
from residency.repository.stays import declaration_of
from residency.tables import (
    absences,
    break_glass_reviews,
    buildings,
    dwellings,
    guest_stays,
    incidents,
    persons,
    premises_places,
    registrations,
)
from residency.tables.bitemporal import holds_on, known
from residency.wire import break_glass as wire

_DURATION = "break_glass_duration"
_REVIEW = "break_glass_review"


async def project_incident(tx: Transaction, incident: Incident) -> None:
    """Keep the newest state of an incident."""
    await _project(tx, incidents, asdict(incident))


async def project_premises(tx: Transaction, place: PremisesPlace) -> None:
    """Keep the newest place of premises."""
    await _project(tx, premises_places, asdict(place))


async def place_of(tx: Transaction, incident_id: str) -> IncidentPlace:
    """Load an incident with its building, as nobody may change it now; raises IncidentNotFoundError."""
    statement = (
        select(*incidents.c, premises_places.c.building_id)
        .select_from(
            incidents.outerjoin(
                premises_places, premises_places.c.premises_id == incidents.c.premises_id
            )
        )
        .where(incidents.c.incident_id == incident_id)
        .with_for_update(read=True, of=incidents)
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise IncidentNotFoundError
    incident = Incident(row.incident_id, row.number, row.premises_id, row.closed, row.version)
    return IncidentPlace(incident, row.building_id)


async def duration(tx: Transaction, day: date) -> timedelta:
    """Tell how long a breaking of the glass lasts."""
    return timedelta(minutes=await limit_in_force(tx, _DURATION, day))


async def review_term(tx: Transaction, day: date) -> timedelta:
    """Tell within which time a breaking of the glass is to be reviewed."""
    return timedelta(hours=await limit_in_force(tx, _REVIEW, day))


async def add_unless_pending(
    tx: Transaction, wanted: BreakGlass, ward_code: str, now: datetime
) -> BreakGlass:
    """Enter a breaking of the glass and announce it; if the officer has one that waits for review, tell that one."""
    entering = insert(break_glass_reviews).values(asdict(wanted)).on_conflict_do_nothing()
    columns = break_glass_reviews.c
    pending = select(*(columns[name] for name in BreakGlass.__dataclass_fields__)).where(
        columns.officer == wanted.officer, columns.reviewed_at.is_(None)
    )
    while not (await tx.execute(entering)).rowcount:
        # None is left if it was reviewed since.
        if found := (await tx.execute(pending)).mappings().one_or_none():
            return BreakGlass(**found)
    await announce(tx, wanted, ward_code, now)
    return wanted


async def announce(tx: Transaction, broken: BreakGlass, ward_code: str, now: datetime) -> None:
    """Announce that names were disclosed."""
    await outbox.add(tx, tables.outbox, now, wire.glass_broken(broken, ward_code))


async def occupants_of(
    tx: Transaction, building_id: UUID, now: datetime, seal: ParticularsSeal
) -> list[OccupiedDwelling]:
    """Load who is registered in a building today and who is a guest there now, by floor and unit."""
    place = (
        select(*place_columns())
        .select_from(dwellings.join(buildings))
        .where(dwellings.c.building_id == building_id)
        .order_by(dwellings.c.floor, dwellings.c.unit, dwellings.c.dwelling_id)
    )
    people: defaultdict[UUID, dict[UUID, FoundPerson]] = defaultdict(dict)
    absent: set[UUID] = set()
    for row in await tx.execute(_registered(building_id, ward_day(now))):
        people[row.dwelling_id][row.person_id] = person_of(row)
        if row.absent:
            absent.add(row.person_id)
    guests: defaultdict[UUID, list[FoundGuest]] = defaultdict(list)
    for row in await tx.execute(_guests(building_id, now)):
        guests[row.dwelling_id].append(_guest(row, seal))
    return [
        OccupiedDwelling.of(
            dwelling_of(row), people[row.dwelling_id].values(), absent, guests[row.dwelling_id]
        )
        for row in await tx.execute(place)
        if row.dwelling_id in people or row.dwelling_id in guests
    ]


def _registered(building_id: UUID, day: date) -> Select[Any]:
    away = exists().where(absences.c.person_id == persons.c.person_id, holds_on(absences, day))
    return (
        select(
            registrations.c.dwelling_id, *person_columns(), away.correlate(persons).label("absent")
        )
        .select_from(registrations.join(persons).join(dwellings))
        .where(dwellings.c.building_id == building_id, in_force_on(day))
        .order_by(persons.c.person_id)
    )


def _guests(building_id: UUID, now: datetime) -> Select[Any]:
    """Select the guests of a building at an instant, who have come and not moved on.

    On the day they leave they are there until the night's hour.
    """
    day, until = ward_day(now), guest_stays.c.ends_on
    night_lasts = in_force("lodging_night_ends", day) > ward_local(now).hour
    not_moved_on = func.coalesce(moves_on_at() > now, true())
    return (
        select(guest_stays, *standing_columns())
        .select_from(
            guest_stays.join(dwellings).outerjoin(
                persons, persons.c.number_index == guest_stays.c.guest_index
            )
        )
        .where(
            dwellings.c.building_id == building_id,
            known(guest_stays, None),
            guest_stays.c.valid_from <= day,
            func.coalesce(arrival() <= now, true()),
            or_(until.is_(None), until > day, (until == day) & night_lasts & not_moved_on),
        )
        .order_by(guest_stays.c.stay_id)
    )


def _guest(row: Row[Any], seal: ParticularsSeal) -> FoundGuest:
    return FoundGuest(
        index=row.guest_index,
        declared=declaration_of(row, seal),
        needs=tuple(Assistance(need) for need in row.needs),
        restricted=row.restricted,
    )


async def _project(tx: Transaction, table: Table, values: dict[str, Any]) -> None:
    added = insert(table).values(values)
    changed = {
        column.name: added.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    newer = added.excluded.version > table.c.version
    await tx.execute(
        added.on_conflict_do_update(index_elements=table.primary_key, set_=changed, where=newer)
    )
