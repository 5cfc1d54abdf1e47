"""What the service can tell."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from chassis.clock import ward_day
from chassis.database import Database, Transaction
from residency.domain.occupancy import Occupancy
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import FullName
from residency.domain.places import (
    Building,
    BuildingNotFoundError,
    Dwelling,
    DwellingNotFoundError,
)
from residency.domain.sealing import NumberSeal
from residency.domain.verification import Declaration, RegisteredIdentity, Verification, verify
from residency.repository.occupancy import (
    building_of,
    dwelling_of,
    load_occupants,
    place_columns,
)
from residency.tables import buildings, dwellings, persons


class Queries:
    """Questions to the register; each opens one transaction and changes nothing."""

    def __init__(self, database: Database, seal: NumberSeal) -> None:
        self._database = database
        self._seal = seal

    async def verify_identity(self, declared: Declaration) -> Verification:
        """Compare a declaration with the register; the same statement runs for unknown numbers."""
        index = self._seal.blind_index(declared.number)
        async with self._database.transaction() as tx:
            return verify(declared, await _registered_identity(tx, index))

    async def occupancy_of_dwelling(self, dwelling_id: UUID, now: datetime) -> list[Occupancy]:
        """Count who is registered in a dwelling today; raises DwellingNotFoundError."""
        async with self._database.transaction() as tx:
            found = await load_occupants(tx, dwellings.c.dwelling_id == dwelling_id, ward_day(now))
        if not found:
            raise DwellingNotFoundError
        return [occupants.counted(now) for occupants in found]

    async def occupancy_of_building(self, building_id: UUID, now: datetime) -> list[Occupancy]:
        """Count who is registered in each dwelling of a building today; raises BuildingNotFoundError."""
        async with self._database.transaction() as tx:
            found = await load_occupants(tx, dwellings.c.building_id == building_id, ward_day(now))
            if not found:
                await _require_building(tx, building_id)
        return [occupants.counted(now) for occupants in found]

    async def list_buildings(self, group: int, after: UUID | None, limit: int) -> list[Building]:
        """List buildings of a residential group (0 is all) by id, those after `after` only."""
        statement = select(buildings).order_by(buildings.c.building_id).limit(limit)
        if group:
            statement = statement.where(buildings.c.residential_group == group)
        if after:
            statement = statement.where(buildings.c.building_id > after)
        async with self._database.transaction() as tx:
            return [building_of(row) for row in await tx.execute(statement)]

    async def list_dwellings(
        self, building_id: UUID, after: UUID | None, limit: int
    ) -> list[Dwelling]:
        """List a building's dwellings by floor and unit; raises BuildingNotFoundError.

        `after` is a dwelling of the building: only those behind it are listed.
        """
        order = (dwellings.c.floor, dwellings.c.unit, dwellings.c.dwelling_id)
        statement = (
            select(*place_columns())
            .select_from(dwellings.join(buildings))
            .where(dwellings.c.building_id == building_id)
            .order_by(*order)
            .limit(limit)
        )
        if after:
            last = select(*order).where(dwellings.c.dwelling_id == after).correlate(None)
            statement = statement.where(tuple_(*order) > last.scalar_subquery())
        async with self._database.transaction() as tx:
            found = [dwelling_of(row) for row in await tx.execute(statement)]
            if not found:
                await _require_building(tx, building_id)
        return found


async def _registered_identity(tx: Transaction, index: bytes) -> RegisteredIdentity | None:
    statement = select(
        persons.c.full_name, persons.c.birth_year, persons.c.birth_month, persons.c.birth_day
    ).where(persons.c.number_index == index)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    birth_date = PartialDate(row.birth_year, row.birth_month, row.birth_day)
    return RegisteredIdentity(FullName(row.full_name), birth_date)


async def _require_building(tx: Transaction, building_id: UUID) -> None:
    statement = select(buildings.c.building_id).where(buildings.c.building_id == building_id)
    if await tx.scalar(statement) is None:
        raise BuildingNotFoundError
