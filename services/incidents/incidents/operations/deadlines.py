"""Deadlines: paused, run on, and told of when they are due soon or over."""

from datetime import datetime

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from incidents.domain.incidents.incident import Incident
from incidents.domain.incidents.requests import ClockPausing, ClockResumption
from incidents.domain.rules.deadlines import ClocksNotPausedError, ClocksPausedError
from incidents.operations.requests import is_repeat
from incidents.repository.deadlines import add_pause, end_pause, lasting_pause, pause_reason
from incidents.repository.due_deadlines import take_due_deadlines
from incidents.repository.incidents import lock_incident, save_change, save_changes

# As of escalations.
_AT_ONCE = 200


class DeadlineOperations:
    """Pauses clocks, has them run on, and tells of deadlines.

    Raises IncidentNotFoundError and RequestIdReusedError; a repeat changes nothing.
    """

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def pause(self, asked: ClockPausing) -> Incident:
        """Pause the clocks of an incident. Tell the incident after it.

        Raises ClocksPausedError, PauseNotAllowedError, IncidentClosedError or IncidentNotAcknowledgedError besides.
        """
        now, account = self._clock(), asked.account
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                if await lasting_pause(tx, incident.incident_id) is not None:
                    raise ClocksPausedError
                reason = await pause_reason(tx, incident.category, asked.reason, ward_day(now))
                change = incident.pause(reason, asked.note, account, now)
                incident = await save_change(tx, change)
                await add_pause(tx, change, asked.reason, account)
        self._relay.wake()
        return incident

    async def resume(self, asked: ClockResumption) -> Incident:
        """Have the clocks of an incident run on. Tell the incident after it; raises ClocksNotPausedError besides."""
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                if await lasting_pause(tx, incident.incident_id) is None:
                    raise ClocksNotPausedError
                incident = await _run_on(tx, incident, asked.note, asked.account, now)
        self._relay.wake()
        return incident

    async def tell_due(self) -> int:
        """Tell of the deadlines that are due soon or over for the longest; tell how many, 0 if none can be taken."""
        now = self._clock()
        async with self._database.transaction() as tx:
            taken = await take_due_deadlines(tx, now, _AT_ONCE)
            if taken:
                changes = [due.incident.tell_deadline(due.owed, now) for due in taken]
                await save_changes(tx, changes)
        if taken:
            self._relay.wake()
        for due in taken:
            deadline = due.owed.deadline
            told = (
                metrics.DEADLINES_BREACHED if deadline.is_breached(now) else metrics.DEADLINES_NEAR
            )
            told.labels(deadline.kind).inc()
        return len(taken)


async def keep_pause_allowed(
    tx: Transaction, incident: Incident, account: str, now: datetime
) -> Incident:
    """Have the clocks of a locked incident run on whose category or priority does not allow its pause any more."""
    pause = await lasting_pause(tx, incident.incident_id)
    if pause is None:
        return incident
    reason = await pause_reason(tx, incident.category, pause.reason, ward_day(now))
    if reason is not None and reason.allows(incident.priority):
        return incident
    return await _run_on(tx, incident, "", account, now)


async def _run_on(
    tx: Transaction, incident: Incident, note: str, account: str, now: datetime
) -> Incident:
    incident = await save_change(tx, incident.resume(note, account, now))
    await end_pause(tx, incident.incident_id, account, now)
    return incident
