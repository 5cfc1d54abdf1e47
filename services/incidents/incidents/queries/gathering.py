"""Incidents with what belongs to each, gathered in one statement."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, Select, func, literal_column, select, true
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents import Incident, IncidentNotFoundError, Member
from incidents.repository.incidents import incident_of

# An empty array of whatever type it stands beside.
NONE: ColumnElement[Any] = literal_column("'{}'")


async def row_of(database: Database, incident_id: UUID, statement: Select[Any]) -> Row[Any]:
    """Select the row of one incident; raises IncidentNotFoundError."""
    wanted = statement.where(tables.incidents.c.incident_id == incident_id)
    async with database.transaction() as tx:
        row: Row[Any] | None = (await tx.execute(wanted)).one_or_none()
    if row is None:
        raise IncidentNotFoundError
    return row


def incidents_with(
    *parts: LateralFromClause, source: FromClause = tables.incidents
) -> Select[Any]:
    """Select incidents, the ids of their alarms, and what else is gathered for each, in one statement."""
    gathered = (_members(), *parts)
    columns = [column for part in gathered for column in part.c]
    statement = select(tables.incidents, *columns).select_from(source)
    for part in gathered:
        statement = statement.join(part, true())
    return statement


def gather(
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
    return gather(
        "members",
        tables.incident_alarms,
        belongs,
        [columns.position],
        member_alarms=columns.alarm_id,
        member_devices=columns.device_id,
        member_versions=columns.raised_version,
    )


def incident_from(row: Row[Any]) -> Incident:
    """Build an incident from its row with the alarms gathered."""
    members = zip(row.member_alarms, row.member_devices, row.member_versions, strict=True)
    return incident_of(row, [Member(*member) for member in members])
