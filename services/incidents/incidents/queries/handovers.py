"""Offers to the city's dispatch centre."""

from uuid import UUID

from sqlalchemy import select

from chassis.storage.database import Database
from incidents.domain.lifecycle.handovers import Handover
from incidents.repository.handovers import handover_of
from incidents.tables import handovers


class HandoverQueries:
    """Asks for offers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_incident(self, incident_id: UUID) -> list[Handover]:
        """Tell the offers of an incident, oldest first."""
        columns = handovers.c
        wanted = (
            select(handovers)
            .where(columns.incident_id == incident_id)
            .order_by(columns.offered_at, columns.handover_id)
        )
        async with self._database.transaction() as tx:
            return [handover_of(row) for row in await tx.execute(wanted)]
