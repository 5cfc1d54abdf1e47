"""How many people live in which dwelling."""

from datetime import datetime
from uuid import UUID

from chassis.clock import ward_day
from chassis.database import Database
from residency.domain.occupancy import Occupancy
from residency.domain.places import DwellingNotFoundError
from residency.queries.places import require_building
from residency.repository.occupancy import load_occupants
from residency.tables import dwellings


class OccupancyQueries:
    """Counts the occupants of dwellings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_dwelling(self, dwelling_id: UUID, now: datetime) -> list[Occupancy]:
        """Count who is registered in a dwelling today; raises DwellingNotFoundError."""
        async with self._database.transaction() as tx:
            found = await load_occupants(tx, dwellings.c.dwelling_id == dwelling_id, ward_day(now))
        if not found:
            raise DwellingNotFoundError
        return [occupants.counted(now) for occupants in found]

    async def of_building(self, building_id: UUID, now: datetime) -> list[Occupancy]:
        """Count who is registered in each dwelling of a building today; raises BuildingNotFoundError."""
        async with self._database.transaction() as tx:
            found = await load_occupants(tx, dwellings.c.building_id == building_id, ward_day(now))
            if not found:
                await require_building(tx, building_id)
        return [occupants.counted(now) for occupants in found]
