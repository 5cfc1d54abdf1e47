"""Recording: what was observed is kept, each reading once."""

from collections.abc import Sequence

from chassis import metrics
from chassis.database import Database
from fire_safety.domain.readings import Batch
from fire_safety.repository import readings
from fire_safety.repository.readings import StoredBeforeError


class RecordingOperations:
    """Stores readings in bulk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, batches: Sequence[Batch]) -> None:
        """Store readings; those that were stored before change nothing.

        Tried in one transaction that supposes them all new; if they are not, done in another that looks.
        """
        count = sum(len(batch.readings) for batch in batches)
        try:
            async with self._database.bulk_transaction() as connection:
                await readings.copy(connection, batches)
        except StoredBeforeError:
            async with self._database.bulk_transaction() as connection:
                new = await readings.merge(connection, batches)
            metrics.READINGS_DUPLICATE.inc(count - new)
        metrics.READINGS.labels("recorder").inc(count)
