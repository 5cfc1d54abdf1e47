"""Supply points."""

from sqlalchemy import select

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.premises.supply_points import SupplyPoint, SupplyPointKind
from fire_safety.repository.supply_points import supply_point_of


class SupplyPointQueries:
    """Asks for supply points."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_supply_points(
        self, group: int, kind: SupplyPointKind | None, after_id: str, limit: int
    ) -> list[SupplyPoint]:
        """Give supply points in order of their id; group 0 and kind None leave all in."""
        columns = tables.supply_points.c
        statement = select(tables.supply_points).where(columns.supply_point_id > after_id)
        if group:
            statement = statement.where(columns.residential_group == group)
        if kind:
            statement = statement.where(columns.kind == kind)
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(columns.supply_point_id).limit(limit))
            return [supply_point_of(row) for row in rows.mappings()]
