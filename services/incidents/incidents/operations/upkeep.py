"""Forgetting what nothing needs any more."""

from datetime import timedelta

from chassis.clock import Clock
from chassis.storage import idempotency, inbox
from chassis.storage.database import Database
from incidents import tables


class UpkeepOperations:
    """Forgets old events and requests."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def forget_events(self, kept: timedelta) -> int:
        """Forget inbox entries older than the stream keeps events; tell how many."""
        async with self._database.transaction() as tx:
            return await inbox.prune(tx, tables.inbox, self._clock() - kept)

    async def forget_requests(self, kept: timedelta) -> int:
        """Forget requests so old that nobody repeats them any more; tell how many."""
        async with self._database.transaction() as tx:
            return await idempotency.prune(tx, tables.requests, self._clock() - kept)
