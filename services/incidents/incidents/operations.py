"""What the service can do; one public method is one transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from chassis import idempotency, inbox, metrics
from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.outbox import Relay
from incidents import tables
from incidents.domain.alarms import Alarm, SignalClass
from incidents.domain.escalation import Ladders
from incidents.domain.incidents import (
    Change,
    Incident,
    IncidentKind,
    number_for,
    open_fire,
    year_of,
)
from incidents.domain.occupants import GlassBroken
from incidents.domain.places import Occupancy, Premises, unknown_place
from incidents.domain.requests import Acknowledgement, Act, Assignment, Closure
from incidents.repository.escalation import ladders_of, take_due
from incidents.repository.incidents import (
    add_incident,
    is_told,
    lock_incident,
    lock_open_fire,
    next_ordinal,
    note_restored,
    save_change,
)
from incidents.repository.projections import (
    place_of,
    project_alarm,
    project_occupancy,
    project_premises,
)


class Operations:
    """Changes of incidents, and of what is kept for their briefs."""

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

    async def take_raised_alarm(self, event_id: UUID, alarm: Alarm) -> None:
        """Put an alarm into one incident: the open one of its place, or a new one.

        An alarm that was not reset and is raised again opens a new one if its incident was closed meanwhile.
        Trouble and supervisory signals open nothing; the brief shows them.
        """
        now = self._clock()
        opened = False
        async with self._database.transaction() as tx:
            if not await inbox.first_time(tx, tables.inbox, event_id, now):
                return
            await project_alarm(tx, alarm)
            if alarm.signal_class is SignalClass.ALARM and not await is_told(tx, alarm):
                opened = await self._open_or_join(tx, alarm, now)
            await self._tell_restored(tx, alarm, now)
        self._relay.wake()
        if opened:
            metrics.INCIDENTS_OPENED.labels(IncidentKind.FIRE).inc()

    async def take_changed_alarm(self, event_id: UUID, alarm: Alarm) -> None:
        """Keep an alarm's newest state, and note in its incident that its device is back to normal."""
        now = self._clock()
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, now):
                await project_alarm(tx, alarm)
                await self._tell_restored(tx, alarm, now)

    async def take_premises(self, event_id: UUID, premises: Premises) -> None:
        """Keep the newest state of premises for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_premises(tx, premises)

    async def take_occupancy(self, event_id: UUID, occupancy: Occupancy) -> None:
        """Keep the newest count of a dwelling for the briefs."""
        async with self._database.transaction() as tx:
            if await inbox.first_time(tx, tables.inbox, event_id, self._clock()):
                await project_occupancy(tx, occupancy)

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
            repeated = await self._is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                incident = await self._acknowledged(tx, incident, asked.account, now)
        self._relay.wake()
        return incident

    async def assign(self, asked: Assignment) -> Incident:
        """Give a task; who gives it takes the incident on, if nobody has. Tell the incident after it.

        Raises IncidentNotFoundError, IncidentClosedError or RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await self._is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                incident = await self._acknowledged(tx, incident, asked.account, now)
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
            repeated = await self._is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                change = incident.close(asked.disposition, asked.note, asked.account, now)
                incident = await save_change(tx, change)
        self._relay.wake()
        return incident

    async def escalate_next(self) -> bool:
        """Take the timer that is due the longest and tell its function; False if there is none to take now."""
        now = self._clock()
        async with self._database.transaction() as tx:
            due = await take_due(tx, now)
            if due is None:
                return False
            ladders = await ladders_of(tx, due.incident.kind, now)
            await save_change(tx, due.incident.escalate(due.timer, ladders, now))
        self._relay.wake()
        metrics.ESCALATIONS.labels(due.timer.step).inc()
        metrics.ESCALATION_DELAY_SECONDS.observe((now - due.timer.due_at).total_seconds())
        return True

    async def forget_events(self, kept: timedelta) -> int:
        """Forget inbox entries older than the stream keeps events; tell how many."""
        async with self._database.transaction() as tx:
            return await inbox.prune(tx, tables.inbox, self._clock() - kept)

    async def forget_requests(self, kept: timedelta) -> int:
        """Forget requests so old that nobody repeats them any more; tell how many."""
        async with self._database.transaction() as tx:
            return await idempotency.prune(tx, tables.requests, self._clock() - kept)

    async def _open_or_join(self, tx: Transaction, alarm: Alarm, now: datetime) -> bool:
        """Tell whether an incident was opened.

        The index decides between two that open at once. Who loses joins the winner's incident, unless that was
        closed in between: then from the start.
        """
        ladders = await ladders_of(tx, IncidentKind.FIRE, now)
        while True:
            incident = await lock_open_fire(tx, alarm)
            if incident is not None:
                if change := incident.take(alarm, ladders, now):
                    await save_change(tx, change)
                return False
            if await add_incident(tx, await self._opening(tx, alarm, ladders, now)):
                return True

    async def _opening(
        self, tx: Transaction, alarm: Alarm, ladders: Ladders, now: datetime
    ) -> Change:
        place = await place_of(tx, alarm.premises_id) or unknown_place(alarm.device_id)
        year = year_of(now)
        number = number_for(year, await next_ordinal(tx, alarm.ward_code, year))
        return open_fire(alarm, place, self._new_id(), number, ladders, now)

    async def _tell_restored(self, tx: Transaction, alarm: Alarm, now: datetime) -> None:
        incident_id = await note_restored(tx, alarm)
        if incident_id is not None:
            incident = await lock_incident(tx, incident_id)
            await save_change(tx, incident.note_restored(alarm.device_id, now))

    async def _acknowledged(
        self, tx: Transaction, incident: Incident, account: str, now: datetime
    ) -> Incident:
        change = incident.acknowledge(account, now)
        return incident if change is None else await save_change(tx, change)

    async def _is_repeat(self, tx: Transaction, asked: Act, now: datetime) -> bool:
        first = await idempotency.claim(
            tx,
            tables.requests,
            account=asked.account,
            request_id=asked.request_id,
            digest=asked.digest,
            resource_id=str(asked.incident_id),
            now=now,
        )
        return first is not None
