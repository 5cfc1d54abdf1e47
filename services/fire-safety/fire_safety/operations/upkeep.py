"""Upkeep of storage: room for what comes, figures of what came, and an end to what was kept long enough.

Each is safe to do at any time, again, and by several at once.
"""

from datetime import timedelta

from chassis.clock import Clock
from chassis.storage.database import Database
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.repository import figures, retention, sequences

# An hour is rolled up so long after its end: most of what comes late is there then, and the rest makes it due again.
_GRACE = timedelta(minutes=5)


class UpkeepOperations:
    """Makes partitions, rolls up, drops and forgets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def prepare(self) -> None:
        """Make the partitions that the next days need."""
        async with self._database.transaction() as tx:
            made = await retention.prepare(tx, self._clock())
        if made:
            logger().info("partitions_made", table="readings", number=made)

    async def roll_up_next(self) -> bool:
        """Roll up the oldest hour that is due; False if there is none."""
        async with self._database.transaction() as tx:
            hour = await figures.oldest_due(tx, self._clock() - _GRACE)
            if hour is None:
                return False
            await retention.ensure_month(tx, hour)
            await figures.roll_up(tx, hour)
        metrics.HOURS_ROLLED_UP.inc()
        return True

    async def drop_next(self, table: str) -> bool:
        """Drop the oldest partition of a table if its time is over."""
        async with self._database.transaction() as tx:
            began = await retention.drop_expired(tx, table, self._clock())
        if began is None:
            return False
        logger().info("partition_dropped", table=table, began=began.isoformat())
        metrics.PARTITIONS_DROPPED.labels(table).inc()
        return True

    async def forget_system_status(self) -> None:
        """Forget what the canary signalled: how long it took is in the metrics."""
        async with self._database.transaction() as tx:
            await retention.forget_system_status(tx, self._clock())

    async def forget_sequences(self) -> None:
        """Forget counts that no device repeats any more."""
        now = self._clock()
        async with self._database.transaction() as tx:
            kept = await retention.kept(tx, now)
            await sequences.forget(tx, now - kept["reading_sequences"])
