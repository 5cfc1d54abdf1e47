"""Incidents with what belongs to each, gathered in one statement."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    FromClause,
    Row,
    Select,
    bindparam,
    select,
    true,
)
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.incident import Incident, IncidentNotFoundError, Member
from incidents.repository.gathering import gather
from incidents.repository.incidents import incident_of

_WANTED = "wanted"


async def row_of(database: Database, incident_id: UUID, statement: Select[Any]) -> Row[Any]:
    """Select the row of one incident by a statement of `one_incident_with`; raises IncidentNotFoundError."""
    async with database.statements() as tx:
        found = await tx.execute(statement, {_WANTED: incident_id})
        row: Row[Any] | None = found.one_or_none()
    if row is None:
        raise IncidentNotFoundError
    return row


def one_incident_with(
    *parts: LateralFromClause, source: FromClause = tables.incidents
) -> Select[Any]:
    """Select one incident likewise, which is named when the statement runs.

    So it is made once: making that of a brief takes longer than running it, and its remains hold up the process.
    """
    return incidents_with(*parts, source=source).where(
        tables.incidents.c.incident_id == bindparam(_WANTED)
    )


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
