"""What citizens are told of their own affairs."""

from datetime import date

from sqlalchemy import select

from chassis.storage.database import Database
from residency.domain.places.buildings import Dwelling
from residency.repository.lookups import in_force_on
from residency.repository.occupancy import dwelling_of, place_columns
from residency.tables import buildings, dwellings, registrations
from residency.tables.duplicates import holder_of


class CitizenQueries:
    """Answers questions of citizens about themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dwellings_of(self, number_index: bytes, day: date) -> list[Dwelling]:
        """List where who has a number is registered on a day, permanent residence first."""
        statement = (
            select(*place_columns())
            .select_from(registrations.join(dwellings).join(buildings))
            .where(registrations.c.person_id == holder_of(number_index), in_force_on(day))
            .order_by(registrations.c.kind, registrations.c.valid_from, dwellings.c.dwelling_id)
        )
        async with self._database.transaction() as tx:
            return [dwelling_of(row) for row in await tx.execute(statement)]
