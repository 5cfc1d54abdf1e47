"""Recording: what was observed is kept, each reading once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from chassis import metrics
from chassis.database import Database
from fire_safety.domain.readings import Batch
from fire_safety.repository import figures, readings, sequences
from fire_safety.repository.readings import PartitionMissingError, StoredBeforeError

_Write = Callable[[Any, Sequence[Batch]], Awaitable[int]]


class RecordingOperations:
    """Stores readings in bulk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, batches: Sequence[Batch]) -> None:
        """Store readings; those that were stored before change nothing.

        Partitions are made in time; where one is missing after all, after days without this service or by a clock that
        jumped, it is made now.
        """
        try:
            new = await self._store(batches)
        except PartitionMissingError:
            async with self._database.bulk_transaction() as connection:
                await readings.make_room(connection, batches)
            new = await self._store(batches)
        count = sum(len(batch.readings) for batch in batches)
        metrics.READINGS_DUPLICATE.inc(count - new)
        metrics.READINGS.labels("recorder").inc(count)

    async def _store(self, batches: Sequence[Batch]) -> int:
        """Store in one transaction that supposes all to be new; if they are not, in another that looks."""
        try:
            return await self._write(readings.copy, batches)
        except StoredBeforeError:
            return await self._merge(batches)

    async def _merge(self, batches: Sequence[Batch]) -> int:
        """Store what is new, after others that are just storing some of it: each of them ends."""
        while True:
            try:
                return await self._write(readings.merge, batches)
            except StoredBeforeError:
                continue

    async def _write(self, write: _Write, batches: Sequence[Batch]) -> int:
        async with self._database.bulk_transaction() as connection:
            unclaimed = await sequences.claim(connection, batches)
            new = await write(connection, unclaimed)
            if new:
                await figures.mark(connection, unclaimed)
            return new
