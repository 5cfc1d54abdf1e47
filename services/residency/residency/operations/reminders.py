"""Reminders, told when a day or an hour comes; safe to look at any time, again, and by several at once."""

from collections.abc import Callable
from uuid import UUID, uuid4

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from residency.repository import reminders

_BATCH = 200


class ReminderOperations:
    """Tells reminders that are due and were not told."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._new_id = new_id

    async def remind(self) -> bool:
        """Tell some reminders, each with its event; True if there may be more."""
        now = self._clock()
        today = ward_day(now)
        async with self._database.transaction() as tx:
            times = await reminders.times(tx, today)
            list_day = times.list_day(now)
            parts = [
                await reminders.terms_due(tx, times, today, _BATCH),
                await reminders.tenancies_due(tx, times, today, _BATCH),
                await reminders.lists_due(tx, times, list_day, _BATCH) if list_day else [],
            ]
            due = [one for part in parts for one in part]
            await reminders.tell(tx, due, self._new_id, now)
        if due:
            self._relay.wake()
        return any(len(part) == _BATCH for part in parts)
