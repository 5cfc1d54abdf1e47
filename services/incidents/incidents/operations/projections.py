"""What other services tell and briefs need."""

from collections.abc import Sequence
from uuid import UUID

from chassis.clock import Clock
from chassis.storage import inbox
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.places import DeviceMode, MutualAidGroup, Occupancy, Premises, SupplyPoint
from incidents.repository.projections import (
    project_device_mode,
    project_mutual_aid_group,
    project_occupancies,
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

    async def take_occupancies(self, counted: Sequence[tuple[UUID, Occupancy]]) -> None:
        """Keep the newest counts of dwellings for the briefs, each told by its event."""
        event_ids = [event_id for event_id, _ in counted]
        async with self._database.transaction() as tx:
            first = await inbox.first_times(tx, tables.inbox, event_ids, self._clock())
            await project_occupancies(
                tx, [occupancy for event_id, occupancy in counted if event_id in first]
            )
