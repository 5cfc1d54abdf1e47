"""What officers do to an incident."""

from uuid import UUID

from chassis.clock import Clock
from chassis.storage import inbox
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from incidents import tables
from incidents.domain.incidents.incident import Incident
from incidents.domain.incidents.requests import Acknowledgement, Assignment, Closure
from incidents.domain.rescue.occupants import GlassBroken
from incidents.operations.requests import is_repeat, taken_on
from incidents.repository.incidents import lock_incident, save_change


class IncidentOperations:
    """Takes incidents on, gives tasks and ends them."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def take_glass_broken(self, event_id: UUID, broken: GlassBroken) -> None:
        """Note in an incident that an officer was told who is inside; raises IncidentNotFoundError."""
        now = self._clock()
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, now):
                incident = await lock_incident(tx, broken.incident_id)
                noted = incident.note_glass_broken(broken.officer, broken.expires_at, now)
                await save_change(tx, noted)

    async def acknowledge(self, asked: Acknowledgement) -> Incident:
        """Take an incident on; a second time changes nothing. Tell the incident after it.

        Raises IncidentNotFoundError, IncidentClosedError or RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                change = incident.acknowledge(asked.account, now)
                incident = await save_change(tx, change) if change else incident
        self._relay.wake()
        return incident

    async def assign(self, asked: Assignment) -> Incident:
        """Give a task; who gives it takes the incident on, if nobody has. Tell the incident after it.

        Raises IncidentNotFoundError, IncidentClosedError or RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                incident = await taken_on(tx, incident, asked.account, now)
                change = incident.assign(asked.assignee, asked.task, asked.account, now)
                incident = await save_change(tx, change)
        self._relay.wake()
        return incident

    async def close(self, asked: Closure) -> Incident:
        """End an incident with what it turned out to be. Tell the incident after it.

        Raises IncidentNotFoundError, IncidentClosedError, IncidentNotAcknowledgedError or RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                change = incident.close(asked.disposition, asked.note, asked.account, now)
                incident = await save_change(tx, change)
        self._relay.wake()
        return incident
