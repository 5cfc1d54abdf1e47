"""Buildings and their dwellings."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_

from chassis.storage.database import Database, Transaction
from residency.domain.places.buildings import (
    Building,
    BuildingNotFoundError,
    Dwelling,
    DwellingNotFoundError,
    LegalBasis,
    PlaceChange,
    Position,
)
from residency.repository.occupancy import building_of, dwelling_of, place_columns
from residency.tables import building_index, buildings, dwellings, place_changes

_MOST_CHANGES = 500


class PlaceQueries:
    """Lists buildings and dwellings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_buildings(
        self, group: int, terms: Sequence[str], after: UUID | None, limit: int
    ) -> list[Building]:
        """List buildings of a residential group (0 is all) by id, those after `after` only.

        `terms` are those of an address that is looked for; without any, every building is listed.
        """
        statement = select(buildings).order_by(buildings.c.building_id).limit(limit)
        if group:
            statement = statement.where(buildings.c.residential_group == group)
        if terms:
            statement = statement.join(building_index).where(
                building_index.c.terms.contains(terms)
            )
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
                await require_building(tx, building_id)
        return found

    async def changes_of_dwelling(self, dwelling_id: UUID) -> list[PlaceChange]:
        """List what was said of a dwelling before, newest first; raises DwellingNotFoundError."""
        async with self._database.transaction() as tx:
            await require_dwelling(tx, dwelling_id)
            return await _changes(tx, place_changes.c.dwelling_id == dwelling_id)

    async def changes_of_building(self, building_id: UUID) -> list[PlaceChange]:
        """List what was said of a building before, newest first; raises BuildingNotFoundError."""
        async with self._database.transaction() as tx:
            await require_building(tx, building_id)
            return await _changes(tx, place_changes.c.building_id == building_id)


async def _changes(tx: Transaction, which: ColumnElement[bool]) -> list[PlaceChange]:
    order = (place_changes.c.changed_at.desc(), place_changes.c.change_id)
    statement = select(place_changes).where(which).order_by(*order).limit(_MOST_CHANGES)
    return [
        PlaceChange(
            changed_at=row.changed_at,
            changed_by=row.changed_by,
            legal_basis=row.legal_basis and LegalBasis(row.legal_basis),
            position=None if row.latitude is None else Position(row.latitude, row.longitude),
        )
        for row in await tx.execute(statement)
    ]


async def require_building(tx: Transaction, building_id: UUID) -> None:
    """Raise BuildingNotFoundError unless there is a building of this id."""
    statement = select(buildings.c.building_id).where(buildings.c.building_id == building_id)
    if await tx.scalar(statement) is None:
        raise BuildingNotFoundError


async def require_dwelling(tx: Transaction, dwelling_id: UUID) -> None:
    """Raise DwellingNotFoundError unless there is a dwelling of this id."""
    statement = select(dwellings.c.dwelling_id).where(dwellings.c.dwelling_id == dwelling_id)
    if await tx.scalar(statement) is None:
        raise DwellingNotFoundError
