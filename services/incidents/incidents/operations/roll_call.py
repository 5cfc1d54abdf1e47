"""What officers do with roll-calls."""

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from incidents.domain.rescue.roll_call import RollCallMarking
from incidents.operations.requests import is_repeat
from incidents.repository.incidents import lock_incident
from incidents.repository.roll_call import add_marks, forget_marks


class RollCallOperations:
    """Adds marks, and forgets them with their incident."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def mark(self, asked: RollCallMarking) -> None:
        """Add marks to an open incident, once.

        Raises IncidentNotFoundError, IncidentClosedError or RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                incident.require_open()
                await add_marks(tx, incident, asked.marks, asked.account, now)
        self._relay.wake()

    async def forget_roll_calls(self) -> int:
        """Forget the marks of incidents that ended long enough ago; tell how many."""
        now = self._clock()
        async with self._database.transaction() as tx:
            return await forget_marks(tx, now, ward_day(now))
