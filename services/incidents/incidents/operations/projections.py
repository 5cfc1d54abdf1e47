"""What other services tell and briefs need."""

from uuid import UUID

from chassis import inbox
from chassis.clock import Clock
from chassis.database import Database
from incidents import tables
from incidents.domain.places import Occupancy, Premises
from incidents.repository.projections import project_occupancy, project_premises


class ProjectionOperations:
    """Keeps the newest state of premises and dwellings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take_premises(self, event_id: UUID, premises: Premises) -> None:
        """Keep the newest state of premises for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_premises(tx, premises)

    async def take_occupancy(self, event_id: UUID, occupancy: Occupancy) -> None:
        """Keep the newest count of a dwelling for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_occupancy(tx, occupancy)
