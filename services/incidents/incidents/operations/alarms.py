"""Alarms, each of which comes into one incident."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage import inbox
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from incidents import tables
from incidents.domain.alarms import Alarm, SignalClass
from incidents.domain.catalogue import FIRE_ALARM
from incidents.domain.escalation import Ladders
from incidents.domain.incidents import Change, number_for, open_fire, year_of
from incidents.domain.kinds import IncidentKind
from incidents.domain.places import unknown_place
from incidents.repository.escalation import ladders_of
from incidents.repository.incidents import (
    add_incident,
    is_told,
    lock_incident,
    lock_open_fire_at,
    next_ordinal,
    note_restored,
    save_change,
)
from incidents.repository.projections import place_of, project_alarm


class AlarmOperations:
    """Takes alarms of fire-safety."""

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

    async def _open_or_join(self, tx: Transaction, alarm: Alarm, now: datetime) -> bool:
        """Tell whether an incident was opened.

        The index decides between two that open at once. Who loses joins the winner's incident, unless that was
        closed in between: then from the start.
        """
        ladders = await ladders_of(tx, IncidentKind.FIRE, FIRE_ALARM, now)
        while True:
            incident = await lock_open_fire_at(tx, alarm.ward_code, alarm.place_key)
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
