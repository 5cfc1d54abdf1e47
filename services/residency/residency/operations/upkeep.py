"""What must be done because time passes; each is safe to do at any time, again, and by several at once."""

from datetime import timedelta

from chassis.clock import Clock, ward_day
from chassis.storage import idempotency, inbox
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from residency import tables
from residency.repository import lookup_limits, occupancy, retention

_RECOUNT_BATCH = 200
_CASES_BATCH = 200


class UpkeepOperations:
    """Recounts what changes with the day, and forgets what nobody repeats any more."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def recount_due(self) -> bool:
        """Publish some dwellings whose counts have changed with time; True if there may be more.

        The timer is a row that moves on in the same transaction, so each change is published once.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            due = await occupancy.lock_due(tx, now, _RECOUNT_BATCH)
            await occupancy.announce(tx, due, now)
        if due:
            self._relay.wake()
        return len(due) == _RECOUNT_BATCH

    async def forget_requests(self, kept: timedelta) -> int:
        """Forget requests so old that nobody repeats them any more; tell how many."""
        async with self._database.transaction() as tx:
            return await idempotency.prune(tx, tables.requests, self._clock() - kept)

    async def forget_events(self, kept: timedelta) -> int:
        """Forget events so old that the stream cannot deliver them again; tell how many."""
        async with self._database.transaction() as tx:
            return await inbox.prune(tx, tables.inbox, self._clock() - kept)

    async def forget_cases(self) -> int:
        """Forget some cases that were never handed in or were taken back, and are kept no longer; tell how many."""
        now = self._clock()
        async with self._database.transaction() as tx:
            return await retention.forget_cases(tx, ward_day(now), _CASES_BATCH)

    async def forget_usage(self, kept: timedelta) -> int:
        """Forget how much was looked up in windows so old that no report asks for them; tell how many."""
        async with self._database.transaction() as tx:
            return await lookup_limits.prune(tx, self._clock() - kept)
