"""Alarms, each of which comes into one incident."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage import inbox
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from incidents import tables
from incidents.domain.incidents.alarms import Alarm, SignalClass
from incidents.domain.incidents.events import Opened
from incidents.domain.incidents.incident import Change, number_for, open_fire, year_of
from incidents.domain.places import unknown_place
from incidents.domain.rules.catalogue import FIRE_ALARM
from incidents.domain.rules.escalation import Ladders
from incidents.domain.rules.kinds import IncidentKind
from incidents.repository.escalation import ladders_of
from incidents.repository.incidents import (
    Known,
    add_incidents,
    known_of,
    lock_incident,
    lock_open_fires_at,
    next_ordinal,
    note_restored,
    save_changes,
)
from incidents.repository.projections import place_of, project_alarms


@dataclass(frozen=True)
class AlarmEvent:
    """What was told of an alarm, by which event, under which request; empty: under the one that is being served."""

    event_id: UUID
    alarm: Alarm
    request_id: str = ""


class _PlaceTakenError(Exception):
    """Somebody else opened an incident there in the meantime."""


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

    async def take_raised_alarms(self, raised: Sequence[AlarmEvent]) -> None:
        """Put each alarm into one incident: the open one of its place, or a new one.

        An alarm that was not reset and is raised again opens a new one if its incident was closed meanwhile.
        Trouble and supervisory signals open nothing; the brief shows them.
        """
        opened = None
        while opened is None:
            with suppress(_PlaceTakenError):
                opened = await self._take(raised, self._clock())
        try:
            # Nothing was told of a new incident before: an officer's screen need not wait for the relay.
            await self._relay.send(opened)
        finally:
            self._relay.wake()
        metrics.INCIDENTS_OPENED.labels(IncidentKind.FIRE).inc(len(opened))

    async def take_changed_alarms(self, changed: Sequence[AlarmEvent]) -> None:
        """Keep the newest state of alarms, and note in their incidents that devices are back to normal."""
        now = self._clock()
        async with self._database.transaction() as tx:
            fresh = await _fresh(tx, changed, now)
            if not fresh:
                return
            await project_alarms(tx, (one.alarm for one in fresh))
            await _save(tx, await _restorings(tx, fresh, now))

    async def _take(
        self, raised: Sequence[AlarmEvent], now: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Take alarms in one transaction; tell the rows of the events of the incidents that were opened."""
        opened: Sequence[Mapping[str, Any]] = ()
        async with self._database.transaction() as tx:
            fresh = await _fresh(tx, raised, now)
            if not fresh:
                return opened
            await project_alarms(tx, (one.alarm for one in fresh))
            known = await known_of(tx, (one.alarm.alarm_id for one in fresh))
            changes = await self._changes(tx, _untold(fresh, known), now)
            openings = [one for one in changes if isinstance(one.event, Opened)]
            if openings and not (opened := await add_incidents(tx, openings)):
                raise _PlaceTakenError
            await _save(tx, [one for one in changes if not isinstance(one.event, Opened)])
            alarms = (one.alarm for one in fresh)
            restored = {one.alarm_id: one for one in alarms if known[one.alarm_id].restored}
            await _tell_restored(tx, changes, restored, now)
        return opened

    async def _changes(
        self, tx: Transaction, raised: Sequence[AlarmEvent], now: datetime
    ) -> list[Change]:
        """Decide for each alarm what it does, after those before it; incidents that are open are locked.

        The index decides between two that open at once. Who loses begins anew and joins the winner's incident, unless
        that was closed in between. Who opens waits for others' numbers, and so takes locks before and not after it.
        """
        if not raised:
            return []
        ladders = await ladders_of(tx, IncidentKind.FIRE, FIRE_ALARM, now)
        there = await lock_open_fires_at(tx, {_place(one.alarm) for one in raised})
        changes = []
        for one in raised:
            incident = there.get(_place(one.alarm))
            change = (
                incident.take(one.alarm, ladders, now)
                if incident
                else await self._opening(tx, one.alarm, ladders, now)
            )
            if change:
                there[_place(one.alarm)] = change.incident
                changes.append(replace(change, request_id=one.request_id))
        return changes

    async def _opening(
        self, tx: Transaction, alarm: Alarm, ladders: Ladders, now: datetime
    ) -> Change:
        place = await place_of(tx, alarm.premises_id) or unknown_place(alarm.device_id)
        year = year_of(now)
        number = number_for(year, await next_ordinal(tx, alarm.ward_code, year))
        return open_fire(alarm, place, self._new_id(), number, ladders, now)


async def _fresh(tx: Transaction, told: Sequence[AlarmEvent], now: datetime) -> list[AlarmEvent]:
    """Leave out what had its effect before."""
    event_ids = [one.event_id for one in told]
    first = await inbox.first_times(tx, tables.inbox, event_ids, now)
    return [one for one in told if one.event_id in first]


def _place(alarm: Alarm) -> tuple[str, str]:
    return alarm.ward_code, alarm.place_key


def _untold(raised: Sequence[AlarmEvent], known: Mapping[str, Known]) -> list[AlarmEvent]:
    """Give what calls for an incident and is in none yet."""
    return [
        one
        for one in raised
        if one.alarm.signal_class is SignalClass.ALARM
        and known[one.alarm.alarm_id].version < one.alarm.version
    ]


async def _tell_restored(
    tx: Transaction, changes: Sequence[Change], restored: Mapping[str, Alarm], now: datetime
) -> None:
    """Note of alarms that have just come in that their devices are back to normal, if the news of that was first."""
    held = {change.incident.incident_id: change.incident for change in changes}
    admitted = (change.admitted.alarm_id for change in changes if change.admitted)
    joined = [alarm_id for alarm_id in admitted if alarm_id in restored]
    if not joined:
        return
    notes = []
    for incident_id, alarm_id in await note_restored(tx, joined):
        note = held[incident_id].note_restored(restored[alarm_id], now)
        held[incident_id] = note.incident
        notes.append(note)
    await _save(tx, notes)


async def _restorings(tx: Transaction, told: Sequence[AlarmEvent], now: datetime) -> list[Change]:
    """Note which devices are back to normal; incidents are locked in order, so that nobody waits in a circle."""
    alarms = {one.alarm.alarm_id: one.alarm for one in told}
    noted = sorted(await note_restored(tx, alarms))
    changes = []
    for incident_id, some in groupby(noted, key=itemgetter(0)):
        incident = await lock_incident(tx, incident_id)
        for _, alarm_id in some:
            note = incident.note_restored(alarms[alarm_id], now)
            incident = note.incident
            changes.append(note)
    return changes


async def _save(tx: Transaction, changes: Sequence[Change]) -> None:
    if changes:
        await save_changes(tx, changes)
