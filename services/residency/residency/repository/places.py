"""Buildings and dwellings, as an operation saves them."""

from uuid import UUID

from sqlalchemy import update

from chassis.database import Transaction
from residency.domain.places import (
    BuildingNotFoundError,
    DwellingNotFoundError,
    LegalBasis,
    Position,
)
from residency.tables import buildings, dwellings


async def set_legal_basis(tx: Transaction, dwelling_id: UUID, basis: LegalBasis) -> None:
    """Keep by what right people live in a dwelling; raises DwellingNotFoundError."""
    statement = (
        update(dwellings).where(dwellings.c.dwelling_id == dwelling_id).values(legal_basis=basis)
    )
    if not (await tx.execute(statement)).rowcount:
        raise DwellingNotFoundError


async def set_position(tx: Transaction, building_id: UUID, position: Position) -> None:
    """Keep where a building is; raises BuildingNotFoundError."""
    statement = (
        update(buildings)
        .where(buildings.c.building_id == building_id)
        .values(latitude=position.latitude, longitude=position.longitude)
    )
    if not (await tx.execute(statement)).rowcount:
        raise BuildingNotFoundError
