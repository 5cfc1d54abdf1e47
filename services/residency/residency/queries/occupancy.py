"""How many people live in which dwelling."""

from datetime import datetime
from uuid import UUID

from chassis.clock import Clock
from chassis.storage.database import Database
from residency.domain.places.buildings import DwellingNotFoundError
from residency.domain.residence.occupancy import Occupancy
from residency.queries.places import require_building
from residency.repository.occupancy import load_occupants_of
from residency.tables import dwellings


class OccupancyQueries:
    """Counts the occupants of dwellings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_dwelling(
        self, dwelling_id: UUID, at: datetime, known_at: datetime | None = None
    ) -> list[Occupancy]:
        """Count who is in a dwelling at an instant, as it is known now or was known at another.

        Raises DwellingNotFoundError.
        """
        place = dwellings.c.dwelling_id
        async with self._database.transaction() as tx:
            found = await load_occupants_of(tx, place, dwelling_id, at, known_at)
        if not found:
            raise DwellingNotFoundError
        return [occupants.counted(at, known_at or self._clock()) for occupants in found]

    async def of_building(
        self, building_id: UUID, at: datetime, known_at: datetime | None = None
    ) -> list[Occupancy]:
        """Count who is in each dwelling of a building, as above; raises BuildingNotFoundError."""
        place = dwellings.c.building_id
        async with self._database.transaction() as tx:
            found = await load_occupants_of(tx, place, building_id, at, known_at)
            if not found:
                await require_building(tx, building_id)
        return [occupants.counted(at, known_at or self._clock()) for occupants in found]
