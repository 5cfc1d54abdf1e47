"""Incidents as they are told, who is in their buildings, and each breaking of the glass."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from chassis import outbox
from chassis.database import Transaction
from residency import tables
from residency.domain.break_glass import (
    BreakGlass,
    Incident,
    IncidentNotFoundError,
    IncidentPlace,
    PremisesPlace,
)
from residency.domain.lookups import OccupiedDwelling
from residency.repository.limits import limit_in_force
from residency.repository.lookups import in_force_on, person_columns, person_of
from residency.repository.occupancy import dwelling_of, place_columns
from residency.tables import (
    break_glass_reviews,
    buildings,
    dwellings,
    incidents,
    persons,
    premises_places,
    registrations,
)
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


async def add_unless_pending(tx: Transaction, wanted: BreakGlass, now: datetime) -> BreakGlass:
    """Enter a breaking of the glass and announce it; if the officer has one that waits for review, tell that one."""
    entering = insert(break_glass_reviews).values(asdict(wanted)).on_conflict_do_nothing()
    if (await tx.execute(entering)).rowcount:
        await outbox.add(tx, tables.outbox, now, wire.glass_broken(wanted))
        return wanted
    columns = break_glass_reviews.c
    pending = select(*(columns[name] for name in BreakGlass.__dataclass_fields__)).where(
        columns.officer == wanted.officer, columns.reviewed_at.is_(None)
    )
    return BreakGlass(**(await tx.execute(pending)).mappings().one())


async def occupants_of(tx: Transaction, building_id: UUID, day: date) -> list[OccupiedDwelling]:
    """Load who is registered in a building on a day, by floor and unit."""
    statement = (
        select(*place_columns(), *person_columns())
        .select_from(registrations.join(persons).join(dwellings).join(buildings))
        .where(dwellings.c.building_id == building_id, in_force_on(day))
        .order_by(
            dwellings.c.floor, dwellings.c.unit, dwellings.c.dwelling_id, persons.c.person_id
        )
    )
    found = []
    for _, group in groupby(await tx.execute(statement), lambda row: row.dwelling_id):
        rows = list(group)
        people = {row.person_id: person_of(row) for row in rows}
        found.append(OccupiedDwelling(dwelling_of(rows[0]), tuple(people.values())))
    return found


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
