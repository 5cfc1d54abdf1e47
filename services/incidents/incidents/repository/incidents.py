"""Incidents: locked, loaded, opened and saved with everything that one change adds."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Transaction
from chassis.storage.running_numbers import next_number
from incidents import tables
from incidents.domain.incidents import Change, Disposition, Incident, IncidentNotFoundError, Member
from incidents.domain.kinds import IncidentKind
from incidents.domain.lifecycle import IncidentState, IncidentStateConflictError
from incidents.domain.places import Position
from incidents.domain.priorities import Priority, Severity
from incidents.domain.transfers import Transfer
from incidents.repository.additions import keep


async def lock_incident(tx: Transaction, incident_id: UUID) -> Incident:
    """Load an incident and let nobody else change it until the transaction ends; raises IncidentNotFoundError."""
    row = await _locked(tx, tables.incidents.c.incident_id == incident_id)
    if row is None:
        raise IncidentNotFoundError
    return await with_members(tx, row)


async def lock_open_fire_at(tx: Transaction, ward_code: str, place_key: str) -> Incident | None:
    """Load and lock the open fire incident of a place, if there is one."""
    columns = tables.incidents.c
    row = await _locked(
        tx,
        (columns.ward_code == ward_code) & (columns.place_key == place_key) & tables.OPEN_FIRE,
    )
    return None if row is None else await with_members(tx, row)


async def lock_open_fires_at(
    tx: Transaction, places: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Incident]:
    """Load and lock likewise those of several places, by ward and place; in order, so that nobody waits in a circle."""
    columns = tables.incidents.c
    found = await tx.execute(
        select(tables.incidents)
        .where(tuple_(columns.ward_code, columns.place_key).in_(list(places)))
        .where(tables.OPEN_FIRE)
        .order_by(columns.incident_id)
        .with_for_update()
    )
    incidents = await all_with_members(tx, found.all())
    return {(one.ward_code, one.place_key): one for one in incidents}


async def with_members(tx: Transaction, row: Row[Any]) -> Incident:
    """Complete a locked incident with its alarms, which only the holder of the lock can add to."""
    (completed,) = await all_with_members(tx, [row])
    return completed


async def all_with_members(tx: Transaction, rows: Sequence[Row[Any]]) -> list[Incident]:
    """Complete locked incidents likewise, in their order."""
    columns = tables.incident_alarms.c
    found = await tx.execute(
        select(columns.incident_id, columns.alarm_id, columns.device_id, columns.raised_version)
        .where(columns.incident_id.in_([row.incident_id for row in rows]))
        .order_by(columns.incident_id, columns.position)
    )
    members: dict[UUID, list[Member]] = {row.incident_id: [] for row in rows}
    for incident_id, *member in found:
        members[incident_id].append(Member(*member))
    return [incident_of(row, members[row.incident_id]) for row in rows]


async def told_versions(tx: Transaction, alarm_ids: Iterable[str]) -> dict[str, int]:
    """Tell the newest raising of each alarm that some incident, closed ones too, knows of; not of those without."""
    member = tables.incident_alarms.c
    found = await tx.execute(
        select(member.alarm_id, func.max(member.raised_version).label("version"))
        .where(member.alarm_id.in_(set(alarm_ids)))
        .group_by(member.alarm_id)
    )
    return {row.alarm_id: row.version for row in found}


async def next_ordinal(tx: Transaction, ward_code: str, year: int) -> int:
    """Count the incidents of a ward's year; an attempt that is rolled back leaves no gap, a lost race does."""
    return await next_number(tx, tables.incident_numbers, ward_code=ward_code, year=year)


async def add_incident(tx: Transaction, change: Change) -> bool:
    """Store an opened incident; False, and nothing stored, if its place has an open one by now."""
    return await add_incidents(tx, [change])


async def add_incidents(tx: Transaction, changes: Sequence[Change]) -> bool:
    """Store incidents opened at one time; False if the place of one has an open one by now: then nothing may stay."""
    added = (
        upsert(tables.incidents)
        .on_conflict_do_nothing(
            index_elements=["ward_code", "place_key"], index_where=tables.OPEN_FIRE
        )
        .returning(tables.incidents.c.incident_id)
    )
    opened = [
        {"incident_id": change.incident.incident_id, **_columns_of(change.incident)}
        for change in changes
    ]
    if len((await tx.scalars(added, opened)).all()) < len(opened):
        return False
    await keep(tx, *changes)
    return True


async def save_change(tx: Transaction, change: Change) -> Incident:
    """Store a change of a locked incident; give the incident after it."""
    await save_changes(tx, [change])
    return change.incident


async def save_changes(tx: Transaction, changes: Sequence[Change]) -> None:
    """Store changes of locked incidents, made at one time, in few statements; those of one incident in their order."""
    last = {change.incident.incident_id: change.incident for change in changes}
    await tx.execute(
        update(tables.incidents).where(tables.incidents.c.incident_id == bindparam("changed")),
        [{"changed": incident_id, **_columns_of(one)} for incident_id, one in last.items()],
    )
    await keep(tx, *changes)


async def save_opened_again(tx: Transaction, change: Change) -> Incident:
    """Store a change after which a locked incident is open again, or of another kind.

    Raises IncidentStateConflictError where its place has another open fire incident: they can be merged.
    """
    try:
        return await save_change(tx, change)
    except IntegrityError as error:
        if "one_open_fire_per_place" not in str(error.orig):
            raise
        state = change.incident.state
        raise IncidentStateConflictError(state=state, act="OPEN_AT_ITS_PLACE") from error


async def lock_both(
    tx: Transaction, incident_id: UUID, other_id: UUID
) -> tuple[Incident, Incident]:
    """Load and lock two incidents, in order of their ids so that nobody waits in a circle.

    Raises IncidentNotFoundError.
    """
    first, second = sorted((incident_id, other_id))
    found = {first: await lock_incident(tx, first), second: await lock_incident(tx, second)}
    return found[incident_id], found[other_id]


async def add_transfer(tx: Transaction, change: Change, transfer: Transfer, account: str) -> None:
    """Store to whom an incident was handed over, beside the last entry of its timeline."""
    await tx.execute(
        insert(tables.transfers).values(
            incident_id=change.incident.incident_id,
            sequence=change.incident.entries,
            account=account,
            **vars(transfer),
        )
    )


async def note_restored(tx: Transaction, alarm_ids: Iterable[str]) -> list[tuple[UUID, str]]:
    """Mark the newest restorings of alarms as told.

    Tell incident and device of those that were not told and that an incident has.
    """
    columns, newest = tables.incident_alarms.c, tables.alarms.c
    again = tables.incident_alarms.alias()
    latest = (
        select(again.c.incident_id)
        .where(again.c.alarm_id == columns.alarm_id)
        .order_by(again.c.raised_version.desc())
        .limit(1)
        .scalar_subquery()
    )
    marked = (
        update(tables.incident_alarms)
        .where(columns.alarm_id.in_(set(alarm_ids)), newest.alarm_id == columns.alarm_id)
        .where(columns.incident_id == latest)
        .where(
            newest.restored_at.is_not(None),
            or_(columns.restored_noted.is_(None), columns.restored_noted < newest.restored_at),
        )
        .values(restored_noted=newest.restored_at)
        .returning(columns.incident_id, columns.device_id)
    )
    return [(row.incident_id, row.device_id) for row in await tx.execute(marked)]


def incident_of(row: Row[Any], members: list[Member]) -> Incident:
    """Build an incident from its row."""
    return Incident(
        incident_id=row.incident_id,
        number=row.number,
        ward_code=row.ward_code,
        kind=IncidentKind(row.kind),
        state=IncidentState(row.state),
        priority=Priority(row.priority),
        place_key=row.place_key,
        premises_id=row.premises_id,
        place=row.place,
        address=row.address,
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        assignee=row.assignee,
        closed_at=row.closed_at,
        disposition=None if row.disposition is None else Disposition(row.disposition),
        step=row.step,
        entries=row.entries,
        version=row.version,
        category=row.category,
        severity=Severity(row.severity),
        position=None if row.latitude is None else Position(row.latitude, row.longitude),
        duplicate_of=row.duplicate_of,
        reopenings=row.reopenings,
        ended_at=row.ended_at,
        exercise=row.exercise,
        members=tuple(members),
    )


def _columns_of(incident: Incident) -> dict[str, Any]:
    columns = dict(vars(incident))
    del columns["incident_id"], columns["members"], columns["position"]
    where = incident.position
    return {
        **columns,
        "latitude": where and where.latitude,
        "longitude": where and where.longitude,
    }


async def _locked(tx: Transaction, condition: ColumnElement[bool]) -> Row[Any] | None:
    found = await tx.execute(select(tables.incidents).where(condition).with_for_update())
    return found.one_or_none()
