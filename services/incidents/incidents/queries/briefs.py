"""The rescue brief."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.database import Database
from incidents import tables
from incidents.domain.briefs import Brief
from incidents.domain.escalation import Notification, Recipient
from incidents.queries.gathering import gather, incident_from, incidents_with, row_of


class BriefQueries:
    """Asks for briefs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def brief(self, incident_id: UUID) -> Brief:
        """Tell all that rescuers must know; raises IncidentNotFoundError."""
        row = await row_of(self._database, incident_id, _brief())
        told = zip(row.steps, row.recipients, row.channels, row.sent, strict=True)
        return Brief(
            incident=incident_from(row),
            premises=row.premises_payload,
            premises_as_of=row.premises_as_of,
            alarms=tuple(row.alarm_payloads),
            dwellings=tuple(row.dwelling_payloads),
            troubles=tuple(row.trouble_payloads),
            notifications=tuple(
                Notification(step, Recipient(recipient), channel, sent_at)
                for step, recipient, channel, sent_at in told
            ),
        )


def _brief() -> Select[Any]:
    premises = tables.premises.c
    at_premises = tables.incidents.outerjoin(
        tables.premises, premises.premises_id == tables.incidents.c.premises_id
    )
    parts = (_alarms(), _troubles(), _dwellings(), _notifications())
    return incidents_with(*parts, source=at_premises).add_columns(
        premises.payload.label("premises_payload"), premises.as_of.label("premises_as_of")
    )


def _alarms() -> LateralFromClause:
    columns, members = tables.alarms.c, tables.incident_alarms.c
    source = tables.alarms.join(tables.incident_alarms, members.alarm_id == columns.alarm_id)
    belongs = members.incident_id == tables.incidents.c.incident_id
    order = [columns.raised_at, members.position]
    return gather("in_alarm", source, belongs, order, alarm_payloads=columns.payload)


def _troubles() -> LateralFromClause:
    columns = tables.alarms.c
    belongs = (
        (columns.premises_id == tables.incidents.c.premises_id)
        & (columns.premises_id != "")
        & tables.IN_TROUBLE
    )
    order = [columns.raised_at, columns.alarm_id]
    return gather("in_trouble", tables.alarms, belongs, order, trouble_payloads=columns.payload)


def _dwellings() -> LateralFromClause:
    columns = tables.occupancies.c
    belongs = (columns.building_id == tables.premises.c.building_id) & (columns.building_id != "")
    order = [columns.floor, columns.unit, columns.dwelling_id]
    return gather(
        "dwellings", tables.occupancies, belongs, order, dwelling_payloads=columns.payload
    )


def _notifications() -> LateralFromClause:
    columns = tables.notifications.c
    return gather(
        "told",
        tables.notifications,
        columns.incident_id == tables.incidents.c.incident_id,
        [columns.sent_at, columns.step],
        steps=columns.step,
        recipients=columns.recipient,
        channels=columns.channel,
        sent=columns.sent_at,
    )
