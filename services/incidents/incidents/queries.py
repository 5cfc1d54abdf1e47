"""What the service can tell: one statement each, from its own tables, whoever else is down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.database import Database
from incidents import tables
from incidents.domain.briefs import Brief
from incidents.domain.escalation import Notification
from incidents.domain.incidents import Incident, IncidentNotFoundError, IncidentState, Member
from incidents.domain.requests import Listing
from incidents.domain.timeline import EntryKind, TimelineEntry
from incidents.repository.incidents import incident_of

# An empty array of whatever type it stands beside.
NONE: ColumnElement[Any] = literal_column("'{}'")


@dataclass(frozen=True)
class Story:
    """An incident with its timeline, oldest first."""

    incident: Incident
    timeline: tuple[TimelineEntry, ...]


@dataclass(frozen=True)
class Page:
    """A page of incidents, and whether more follow."""

    incidents: tuple[Incident, ...]
    more: bool


class Queries:
    """The reads of the service."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def story(self, incident_id: UUID) -> Story:
        """Tell one incident and what happened so far; raises IncidentNotFoundError."""
        row = await self._one(incident_id, _incidents_with(_entries()))
        timeline = zip(row.sequences, row.times, row.kinds, row.actors, row.texts, strict=True)
        return Story(
            incident=_incident(row),
            timeline=tuple(
                TimelineEntry(sequence, at, EntryKind(kind), actor, text)
                for sequence, at, kind, actor, text in timeline
            ),
        )

    async def open_incident(self, incident_id: UUID) -> Incident:
        """Tell an incident that has not ended; raises IncidentNotFoundError or IncidentClosedError."""
        incident = _incident(await self._one(incident_id, _incidents_with()))
        incident.require_open()
        return incident

    async def page(self, listing: Listing) -> Page:
        """Tell a page of incidents, newest first."""
        async with self._database.transaction() as tx:
            rows = (await tx.execute(_page(listing))).all()
        incidents = tuple(_incident(row) for row in rows[: listing.size])
        return Page(incidents, more=len(rows) > listing.size)

    async def brief(self, incident_id: UUID) -> Brief:
        """Tell all that rescuers must know; raises IncidentNotFoundError."""
        row = await self._one(incident_id, _brief())
        told = zip(row.steps, row.recipients, row.channels, row.sent, strict=True)
        return Brief(
            incident=_incident(row),
            premises=row.premises_payload,
            premises_as_of=row.premises_as_of,
            alarms=tuple(row.alarm_payloads),
            dwellings=tuple(row.dwelling_payloads),
            troubles=tuple(row.trouble_payloads),
            notifications=tuple(Notification(*one) for one in told),
        )

    async def next_due_at(self) -> datetime | None:
        """Tell when the next timer is due; None if none is waiting."""
        async with self._database.transaction() as tx:
            due_at = func.min(tables.escalations.c.due_at)
            found: datetime | None = await tx.scalar(select(due_at).where(tables.PENDING))
        return found

    async def _one(self, incident_id: UUID, statement: Select[Any]) -> Row[Any]:
        one = statement.where(tables.incidents.c.incident_id == incident_id)
        async with self._database.transaction() as tx:
            row: Row[Any] | None = (await tx.execute(one)).one_or_none()
        if row is None:
            raise IncidentNotFoundError
        return row


def _page(listing: Listing) -> Select[Any]:
    columns = tables.incidents.c
    newest_first = (columns.opened_at.desc(), columns.incident_id.desc())
    page = _incidents_with().order_by(*newest_first).limit(listing.size + 1)
    if listing.open_only:
        page = page.where(columns.state != IncidentState.CLOSED)
    if listing.premises_id:
        page = page.where(columns.premises_id == listing.premises_id)
    if listing.after is not None:
        opened_at, incident_id = listing.after
        page = page.where(
            tuple_(columns.opened_at, columns.incident_id) < tuple_(opened_at, incident_id)
        )
    return page


def _brief() -> Select[Any]:
    premises = tables.premises.c
    at_premises = tables.incidents.outerjoin(
        tables.premises, premises.premises_id == tables.incidents.c.premises_id
    )
    parts = (_alarms(), _troubles(), _dwellings(), _notifications())
    return _incidents_with(*parts, source=at_premises).add_columns(
        premises.payload.label("premises_payload"), premises.as_of.label("premises_as_of")
    )


def _incidents_with(
    *parts: LateralFromClause, source: FromClause = tables.incidents
) -> Select[Any]:
    """Select incidents, the ids of their alarms, and what else is gathered for each, in one statement."""
    gathered = (_members(), *parts)
    columns = [column for part in gathered for column in part.c]
    statement = select(tables.incidents, *columns).select_from(source)
    for part in gathered:
        statement = statement.join(part, true())
    return statement


def _gather(
    name: str,
    source: FromClause,
    belongs: ColumnElement[bool],
    order: Iterable[ColumnElement[Any]],
    **columns: ColumnElement[Any],
) -> LateralFromClause:
    """Gather columns of what belongs to the incident at hand into arrays, all in one order; empty if nothing does."""
    arrays = [
        func.coalesce(func.array_agg(column).aggregate_order_by(*order), NONE).label(label)
        for label, column in columns.items()
    ]
    return select(*arrays).select_from(source).where(belongs).lateral(name)


def _members() -> LateralFromClause:
    columns = tables.incident_alarms.c
    belongs = columns.incident_id == tables.incidents.c.incident_id
    return _gather(
        "members",
        tables.incident_alarms,
        belongs,
        [columns.position],
        member_alarms=columns.alarm_id,
        member_devices=columns.device_id,
        member_versions=columns.raised_version,
    )


def _entries() -> LateralFromClause:
    columns = tables.timeline.c
    return _gather(
        "entries",
        tables.timeline,
        columns.incident_id == tables.incidents.c.incident_id,
        [columns.sequence],
        sequences=columns.sequence,
        times=columns.at,
        kinds=columns.kind,
        actors=columns.actor,
        texts=columns.text,
    )


def _alarms() -> LateralFromClause:
    columns, members = tables.alarms.c, tables.incident_alarms.c
    source = tables.alarms.join(tables.incident_alarms, members.alarm_id == columns.alarm_id)
    belongs = members.incident_id == tables.incidents.c.incident_id
    order = [columns.raised_at, members.position]
    return _gather("in_alarm", source, belongs, order, alarm_payloads=columns.payload)


def _troubles() -> LateralFromClause:
    columns = tables.alarms.c
    belongs = (
        (columns.premises_id == tables.incidents.c.premises_id)
        & (columns.premises_id != "")
        & tables.IN_TROUBLE
    )
    order = [columns.raised_at, columns.alarm_id]
    return _gather("in_trouble", tables.alarms, belongs, order, trouble_payloads=columns.payload)


def _dwellings() -> LateralFromClause:
    columns = tables.occupancies.c
    belongs = (columns.building_id == tables.premises.c.building_id) & (columns.building_id != "")
    order = [columns.floor, columns.unit, columns.dwelling_id]
    return _gather(
        "dwellings", tables.occupancies, belongs, order, dwelling_payloads=columns.payload
    )


def _notifications() -> LateralFromClause:
    columns = tables.notifications.c
    return _gather(
        "told",
        tables.notifications,
        columns.incident_id == tables.incidents.c.incident_id,
        [columns.sent_at, columns.step],
        steps=columns.step,
        recipients=columns.recipient,
        channels=columns.channel,
        sent=columns.sent_at,
    )


def _incident(row: Row[Any]) -> Incident:
    members = zip(row.member_alarms, row.member_devices, row.member_versions, strict=True)
    return incident_of(row, [Member(*member) for member in members])
