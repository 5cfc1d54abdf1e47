"""Buildings and dwellings, as an operation saves them: what is changed is kept as it was."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Table, insert, select, update

from chassis.errors import DomainError
from chassis.storage.database import Transaction
from residency.domain.places.buildings import (
    BuildingNotFoundError,
    DwellingNotFoundError,
    LegalBasis,
    Position,
)
from residency.tables import buildings, dwellings, place_changes


async def set_legal_basis(
    tx: Transaction,
    dwelling_id: UUID,
    basis: LegalBasis,
    change_id: UUID,
    account: str,
    now: datetime,
) -> None:
    """Keep by what right people live in a dwelling; raises DwellingNotFoundError."""
    kept = {"change_id": change_id, "changed_by": account, "changed_at": now}
    said = {"legal_basis": basis.value}
    await _change(tx, dwellings.c.dwelling_id, dwelling_id, said, kept, DwellingNotFoundError())


async def set_position(
    tx: Transaction,
    building_id: UUID,
    position: Position,
    change_id: UUID,
    account: str,
    now: datetime,
) -> None:
    """Keep where a building is; raises BuildingNotFoundError."""
    kept = {"change_id": change_id, "changed_by": account, "changed_at": now}
    said = {"latitude": position.latitude, "longitude": position.longitude}
    await _change(tx, buildings.c.building_id, building_id, said, kept, BuildingNotFoundError())


async def _change(
    tx: Transaction,
    key: "Column[UUID]",
    place_id: UUID,
    said: dict[str, str] | dict[str, float],
    kept: dict[str, object],
    unknown: DomainError,
) -> None:
    """Keep what was said of a place, and say something else; nothing is kept of what is said again."""
    place: Table = key.table
    before = select(*(place.c[name] for name in said)).where(key == place_id)
    rows = await tx.execute(before.with_for_update(key_share=True))
    was = rows.mappings().one_or_none()
    if was is None:
        raise unknown
    if dict(was) != said:
        await tx.execute(insert(place_changes).values({key.name: place_id, **was, **kept}))
        await tx.execute(update(place).where(key == place_id).values(said))
