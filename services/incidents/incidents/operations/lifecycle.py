"""How incidents move between the first report and the end, one transaction each."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from incidents.domain.incidents.incident import Change, Incident
from incidents.domain.incidents.requests import (
    Advance,
    Dispatch,
    Handover,
    Merge,
    Note,
    Reopening,
    Separation,
    Triage,
    Write,
)
from incidents.operations.deadlines import keep_pause_allowed
from incidents.operations.requests import is_repeat, taken_on
from incidents.repository.catalogue import category_in_force
from incidents.repository.incidents import (
    add_transfer,
    lock_both,
    lock_incident,
    save_change,
    save_opened_again,
)
from incidents.repository.merges import lock_merged

Decide = Callable[[Incident, datetime], Change]
Save = Callable[[Transaction, Change], Awaitable[Incident]]


class LifecycleOperations:
    """Moves incidents. Each method tells the incident after it; a repeat changes nothing.

    Raises IncidentNotFoundError, RequestIdReusedError, and what the lifecycle refuses: IncidentClosedError,
    IncidentNotAcknowledgedError, IncidentStateConflictError.
    """

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def triage(self, asked: Triage) -> Incident:
        """Judge an incident; who judges takes it on. Raises CategoryNotFoundError and FieldInvalidError besides."""
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                category = None
                if asked.category:
                    category = await category_in_force(tx, asked.category, ward_day(now))
                incident = await taken_on(tx, incident, asked.account, now)
                change = incident.triage(
                    category, asked.priority, asked.severity, asked.note, asked.account, now
                )
                incident = await save_opened_again(tx, change)
                incident = await keep_pause_allowed(tx, incident, asked.account, now)
        self._relay.wake()
        return incident

    async def dispatch(self, asked: Dispatch) -> Incident:
        """Send a unit; who sends it takes the incident on."""
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                incident = await taken_on(tx, incident, asked.account, now)
                change = incident.dispatch(asked.assignee, asked.task, asked.account, now)
                incident = await save_change(tx, change)
        self._relay.wake()
        return incident

    async def advance(self, asked: Advance) -> Incident:
        """Move an incident on by an act that needs no more than a note."""
        return await self._move(
            asked, lambda one, now: one.advance(asked.act, asked.note, asked.account, now)
        )

    async def note(self, asked: Note) -> Incident:
        """Add a note or a correction, also to what has ended; raises FieldInvalidError besides."""
        return await self._move(
            asked, lambda one, now: one.note(asked.text, asked.corrects, asked.account, now)
        )

    async def hand_over(self, asked: Handover) -> Incident:
        """Hand an incident over, or add what was learnt of it later."""
        now, transfer = self._clock(), asked.transfer
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                change = incident.transfer(
                    transfer.authority, transfer.external_reference, asked.account, now
                )
                incident = await save_change(tx, change)
                await add_transfer(tx, change, transfer, asked.account)
        self._relay.wake()
        return incident

    async def merge(self, asked: Merge) -> tuple[Incident, Incident]:
        """Say that an incident is the same as another one, and take both on. Tell both after it."""
        now, account = self._clock(), asked.account
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident, into = await lock_both(tx, asked.incident_id, asked.into)
            if not repeated:
                incident = await taken_on(tx, incident, account, now)
                into = await taken_on(tx, into, account, now)
                change = incident.merge_into(into, asked.reason, account, now)
                incident = await save_change(tx, change)
                into = await save_change(tx, into.absorb(incident, account, now))
                into = await keep_pause_allowed(tx, into, account, now)
        self._relay.wake()
        return incident, into

    async def separate(self, asked: Separation) -> Incident:
        """Take a merge back, and tell the other one; a fire whose place has another open one by now stays merged."""
        now, account = self._clock(), asked.account
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident, into = await lock_merged(tx, asked.incident_id)
            if not repeated:
                change = incident.separate(asked.reason, account, now)
                incident = await save_opened_again(tx, change)
                if into:
                    await save_change(tx, into.release(incident, account, now))
        self._relay.wake()
        return incident

    async def reopen(self, asked: Reopening) -> Incident:
        """Open an incident again; a fire whose place has another open one by now stays ended."""
        return await self._move(
            asked,
            lambda one, now: one.reopen(asked.reason, asked.account, now),
            save_opened_again,
        )

    async def _move(self, asked: Write, decide: Decide, save: Save = save_change) -> Incident:
        now = self._clock()
        async with self._database.transaction() as tx:
            repeated = await is_repeat(tx, asked, now)
            incident = await lock_incident(tx, asked.incident_id)
            if not repeated:
                incident = await save(tx, decide(incident, now))
        self._relay.wake()
        return incident
