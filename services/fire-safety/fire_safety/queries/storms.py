"""Storms."""

from sqlalchemy import desc, select, tuple_

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.alarms.storms import Storm, StormPosition

_storms = tables.storms.c


class StormQueries:
    """Asks for storms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_storms(self, after: StormPosition | None, limit: int) -> list[Storm]:
        """Give storms, newest first: only the newest can be on."""
        statement = select(tables.storms)
        if after:
            place = tuple_(_storms.began_at, _storms.storm_id)
            statement = statement.where(place < (after.began_at, after.storm_id))
        newest_first = (desc(_storms.began_at), desc(_storms.storm_id))
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(*newest_first).limit(limit))
            return [Storm(**row) for row in rows.mappings()]
