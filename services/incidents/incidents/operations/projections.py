"""What other services tell and briefs need."""

from uuid import UUID

from chassis.clock import Clock
from chassis.storage import inbox
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.places import DeviceMode, MutualAidGroup, Occupancy, Premises, SupplyPoint
from incidents.repository.projections import (
    project_device_mode,
    project_mutual_aid_group,
    project_occupancy,
    project_premises,
    project_supply_point,
)


class ProjectionOperations:
    """Keeps the newest state of premises, dwellings and what is around them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take_premises(self, event_id: UUID, premises: Premises) -> None:
        """Keep the newest state of premises for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_premises(tx, premises)

    async def take_supply_point(self, event_id: UUID, point: SupplyPoint) -> None:
        """Keep the newest state of a hydrant, water access or fire point for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_supply_point(tx, point)

    async def take_mutual_aid_group(self, event_id: UUID, group: MutualAidGroup) -> None:
        """Keep the newest members of a mutual-aid group for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_mutual_aid_group(tx, group)

    async def take_device_mode(self, event_id: UUID, mode: DeviceMode) -> None:
        """Keep which devices are under test or disabled for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_device_mode(tx, mode)

    async def take_occupancy(self, event_id: UUID, occupancy: Occupancy) -> None:
        """Keep the newest count of a dwelling for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_occupancy(tx, occupancy)
