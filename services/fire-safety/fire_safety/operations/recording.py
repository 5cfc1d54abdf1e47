"""Recording: what was observed is kept, each reading once."""

from collections.abc import Awaitable, Callable
from typing import Any

from chassis.storage.database import Database
from chassis.telemetry import metrics
from fire_safety.domain.readings.columns import Bulk
from fire_safety.repository import figures, readings, sequences
from fire_safety.repository.readings import PartitionMissingError, StoredBeforeError

_Write = Callable[[Any, Bulk], Awaitable[int]]


class RecordingOperations:
    """Stores readings in bulk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, bulk: Bulk) -> None:
        """Store readings; those that were stored before change nothing.

        They may not be on the disk yet (docs/decisions/0035): nobody is told of them before their place is entered.

        Partitions are made in time; where one is missing after all, after days without this service or by a clock that
        jumped, it is made now.
        """
        try:
            new = await self._store(bulk)
        except PartitionMissingError:
            async with self._database.bulk_transaction() as connection:
                await readings.make_room(connection, bulk)
            new = await self._store(bulk)
        count = len(bulk)
        metrics.READINGS_DUPLICATE.inc(count - new)
        metrics.READINGS.labels("recorder").inc(count)

    async def _store(self, bulk: Bulk) -> int:
        """Store in one transaction that supposes all to be new; if they are not, in another that looks."""
        try:
            return await self._write(readings.copy, bulk)
        except StoredBeforeError:
            return await self._merge(bulk)

    async def _merge(self, bulk: Bulk) -> int:
        """Store what is new, after others that are just storing some of it: each of them ends."""
        while True:
            try:
                return await self._write(readings.merge, bulk)
            except StoredBeforeError:
                continue

    async def _write(self, write: _Write, bulk: Bulk) -> int:
        async with self._database.bulk_transaction() as connection:
            others = await sequences.claim(connection, bulk.others)
            unclaimed = Bulk(bulk.blocks, others)
            new = await write(connection, unclaimed)
            if new:
                await figures.mark(connection, unclaimed)
            return new
