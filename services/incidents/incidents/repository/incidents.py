"""Incidents: locked, loaded, opened and saved with everything that one change adds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    Text,
    UpdateBase,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Transaction
from chassis.storage.running_numbers import next_number
from incidents import tables
from incidents.domain.incidents.incident import (
    Change,
    Disposition,
    Incident,
    IncidentNotFoundError,
    Member,
)
from incidents.domain.lifecycle.states import (
    OPEN_AT_ITS_PLACE,
    IncidentState,
    IncidentStateConflictError,
)
from incidents.domain.lifecycle.transfers import Transfer
from incidents.domain.places import Position
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority, Severity
from incidents.repository.additions import keep

_incidents, _members = tables.incidents.c, tables.incident_alarms.c
_alarm_ids = any_(bindparam("alarm_ids", type_=ARRAY(Text)))
# What an alarm waits for is written out once: to write it out again takes longer than to have it answered.
_LOCK_OPEN_FIRES = (
    select(tables.incidents)
    .where(
        tuple_(_incidents.ward_code, _incidents.place_key).in_(bindparam("places", expanding=True))
    )
    .where(tables.OPEN_FIRE)
    .order_by(_incidents.incident_id)
    .with_for_update()
)
_MEMBERS = (
    select(_members.incident_id, _members.alarm_id, _members.device_id, _members.raised_version)
    .where(_members.incident_id == any_(bindparam("incident_ids", type_=ARRAY(Uuid))))
    .order_by(_members.incident_id, _members.position)
)
_KNOWN = (
    select(
        tables.alarms.c.alarm_id,
        func.coalesce(func.max(_members.raised_version), 0),
        tables.alarms.c.restored_at.is_not(None),
    )
    .outerjoin(tables.incident_alarms, _members.alarm_id == tables.alarms.c.alarm_id)
    .where(tables.alarms.c.alarm_id == _alarm_ids)
    .group_by(tables.alarms.c.alarm_id)
)
_OPEN = (
    upsert(tables.incidents)
    .on_conflict_do_nothing(
        index_elements=["ward_code", "place_key"], index_where=tables.OPEN_FIRE
    )
    .returning(_incidents.incident_id)
)
_SAVE = update(tables.incidents).where(_incidents.incident_id == bindparam("changed"))


def _note_restored() -> UpdateBase:
    newest, again = tables.alarms.c, tables.incident_alarms.alias()
    latest = (
        select(again.c.incident_id)
        .where(again.c.alarm_id == _members.alarm_id)
        .order_by(again.c.raised_version.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        update(tables.incident_alarms)
        .where(_members.alarm_id == _alarm_ids, _members.incident_id == latest)
        .where(newest.alarm_id == _members.alarm_id)
        .where(
            newest.restored_at.is_not(None),
            or_(_members.restored_noted.is_(None), _members.restored_noted < newest.restored_at),
        )
        .values(restored_noted=newest.restored_at)
        .returning(_members.incident_id, _members.alarm_id)
    )


_NOTE_RESTORED = _note_restored()


class Known(NamedTuple):
    """What is known of an alarm.

    The newest raising that some incident, closed ones too, knows of, 0 for none; whether it was restored since.
    """

    version: int
    restored: bool


async def lock_incident(tx: Transaction, incident_id: UUID) -> Incident:
    """Load an incident and let nobody else change it until the transaction ends; raises IncidentNotFoundError."""
    found = await tx.execute(
        select(tables.incidents).where(_incidents.incident_id == incident_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise IncidentNotFoundError
    (incident,) = await all_with_members(tx, [row])
    return incident


async def lock_open_fires_at(
    tx: Transaction, places: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Incident]:
    """Load and lock the open fires of places, by ward and place; in order, so that nobody waits in a circle."""
    found = await tx.execute(_LOCK_OPEN_FIRES, {"places": list(places)})
    incidents = await all_with_members(tx, found.all())
    return {(one.ward_code, one.place_key): one for one in incidents}


async def all_with_members(tx: Transaction, rows: Sequence[Row[Any]]) -> list[Incident]:
    """Complete locked incidents with their alarms, which only the holder of the lock can add to; in their order."""
    if not rows:
        return []
    members: dict[UUID, list[Member]] = {row.incident_id: [] for row in rows}
    for incident_id, *member in await tx.execute(_MEMBERS, {"incident_ids": list(members)}):
        members[incident_id].append(Member(*member))
    return [incident_of(row, members[row.incident_id]) for row in rows]


async def known_of(tx: Transaction, alarm_ids: Iterable[str]) -> dict[str, Known]:
    """Tell of alarms what is known before they have their effect."""
    found = await tx.execute(_KNOWN, {"alarm_ids": sorted(set(alarm_ids))})
    return {alarm_id: Known(told, restored) for alarm_id, told, restored in found}


async def next_ordinal(tx: Transaction, ward_code: str, year: int) -> int:
    """Count the incidents of a ward's year; an attempt that is rolled back leaves no gap, a lost race does."""
    return await next_number(tx, tables.incident_numbers, ward_code=ward_code, year=year)


async def add_incident(tx: Transaction, change: Change) -> bool:
    """Store an opened incident; False, and nothing stored, if its place has an open one by now."""
    return bool(await add_incidents(tx, [change]))


async def add_incidents(tx: Transaction, changes: Sequence[Change]) -> Sequence[Mapping[str, Any]]:
    """Store incidents opened at one time; tell the rows of their events.

    There are none if the place of one has an open one by now: then nothing may stay.
    """
    opened = [
        {"incident_id": change.incident.incident_id, **_columns_of(change.incident)}
        for change in changes
    ]
    if len((await tx.scalars(_OPEN, opened)).all()) < len(opened):
        return []
    return await keep(tx, *changes)


async def save_change(tx: Transaction, change: Change) -> Incident:
    """Store a change of a locked incident; give the incident after it."""
    await save_changes(tx, [change])
    return change.incident


async def save_changes(tx: Transaction, changes: Sequence[Change]) -> None:
    """Store changes of locked incidents, made at one time, in few statements; those of one incident in their order."""
    last = {change.incident.incident_id: change.incident for change in changes}
    await tx.execute(
        _SAVE, [{"changed": incident_id, **_columns_of(one)} for incident_id, one in last.items()]
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
        raise IncidentStateConflictError(state=state, act=OPEN_AT_ITS_PLACE) from error


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

    Tell incident and alarm of those that were not told and that an incident has.
    """
    marked = await tx.execute(_NOTE_RESTORED, {"alarm_ids": sorted(set(alarm_ids))})
    return [(row.incident_id, row.alarm_id) for row in marked]


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
