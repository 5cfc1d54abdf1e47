"""Reports: received into one incident each, taken out into another, and forgotten."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

from chassis.calendar.decided_days import working_calendar
from chassis.clock import Clock, ward_day
from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from chassis.storage import idempotency
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from incidents import tables
from incidents.domain.incidents import sentences
from incidents.domain.incidents.events import Opened
from incidents.domain.incidents.incident import Change, Incident, number_for, opening, year_of
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.lifecycle.timeline import EntryKind
from incidents.domain.places import Place, Position
from incidents.domain.reports.report import (
    Receipt,
    Report,
    ReportNotFoundError,
    ReportWanted,
    Split,
    numbers_of,
    report_number,
)
from incidents.domain.reports.sealing import ReportSeal, token_hash
from incidents.domain.rules.catalogue import Category
from incidents.domain.rules.deadlines import begin
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority
from incidents.operations.requests import is_repeat, taken_on
from incidents.repository.catalogue import category_in_force
from incidents.repository.deadlines import add_deadlines, move_deadlines
from incidents.repository.escalation import ladders_of
from incidents.repository.incidents import (
    add_incident,
    lock_incident,
    lock_open_fires_at,
    next_ordinal,
    save_change,
)
from incidents.repository.projections import place_of
from incidents.repository.reports import (
    add_report,
    forget_expired,
    load_report,
    move_reports,
    next_report_ordinal,
    reports_of_incident,
)

_AT_ONCE = 500


class _PlaceTakenError(Exception):
    """A fire was opened at the place meanwhile: from the start, since its lock is not waited for with a number."""


class ReportOperations:
    """Receives reports."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: ReportSeal,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._ward_code = ward_code
        self._new_id = new_id
        metrics.tell_from_the_start(metrics.INCIDENTS_OPENED, IncidentKind)

    async def receive(self, wanted: ReportWanted) -> Receipt:
        """Take a report in; a repeat gets the receipt again.

        Raises CategoryNotFoundError, CategoryNotOpenError, FieldInvalidError, RequestIdReusedError, and for a named
        incident IncidentNotFoundError or IncidentClosedError.
        """
        now, report_id = self._clock(), self._new_id()
        received = None
        while received is None:
            with suppress(_PlaceTakenError):
                received = await self._received(wanted, report_id, now)
        self._relay.wake()
        report, category, opened = received
        if opened:
            metrics.INCIDENTS_OPENED.labels(category.kind).inc()
        return Receipt(report, category, self._seal.follow_up_token(report.report_id))

    async def split(self, asked: Split) -> tuple[Incident, Incident]:
        """Take reports out of an incident into a new one; who does it takes both on. Tell both after it.

        Raises IncidentNotFoundError, ReportNotFoundError, FieldInvalidError where nothing would be left, and what the
        lifecycle refuses.
        """
        now, account = self._clock(), asked.account
        async with self._database.transaction() as tx:
            if await is_repeat(tx, asked, now):
                # The one that was split off is where the reports are now.
                report = await load_report(tx, asked.report_ids[0])
                source = await lock_incident(tx, asked.incident_id)
                return source, await lock_incident(tx, report.incident_id)
            source = await lock_incident(tx, asked.incident_id)
            source.require_open()
            leaving = await _leaving(tx, source, asked)
            source = await taken_on(tx, source, account, now)
            change = await self._split_off(tx, source, leaving, account, now)
            if not await add_incident(tx, change):
                raise RuntimeError("the place of an incident that is split off is its own")
            new = await taken_on(tx, change.incident, account, now)
            await move_reports(tx, asked.report_ids, new.incident_id)
            await move_deadlines(tx, asked.report_ids, new.incident_id, now)
            numbers = numbers_of(leaving)
            left = source.report_left(numbers, new.number, asked.reason, account, now)
            source = await save_change(tx, left)
        self._relay.wake()
        metrics.INCIDENTS_OPENED.labels(new.kind).inc()
        return source, new

    async def forget_expired(self) -> int:
        """Forget what reports say whose time is over; tell how many."""
        now, forgotten = self._clock(), 0
        while True:
            async with self._database.transaction() as tx:
                some = await forget_expired(tx, now, ward_day(now), _AT_ONCE)
            forgotten += some
            if some < _AT_ONCE:
                return forgotten

    async def _received(
        self, wanted: ReportWanted, report_id: UUID, now: datetime
    ) -> tuple[Report, Category, bool]:
        """Store a report unless it is a repeat; tell it, its category, and whether it opened an incident."""
        async with self._database.transaction() as tx:
            category = await category_in_force(tx, wanted.category, ward_day(now))
            first = await self._claim(tx, wanted, report_id, now)
            if first is not None:
                return await load_report(tx, first), category, False
            report, opened = await self._enter(tx, wanted, category, report_id, now)
            return report, category, opened

    async def _claim(
        self, tx: Transaction, wanted: ReportWanted, report_id: UUID, now: datetime
    ) -> UUID | None:
        first = await idempotency.claim(
            tx,
            tables.requests,
            account=wanted.account,
            request_id=wanted.request_id,
            digest=self._seal.fingerprint(wanted.digest),
            resource_id=str(report_id),
            now=now,
        )
        return UUID(first) if first else None

    async def _enter(
        self,
        tx: Transaction,
        wanted: ReportWanted,
        category: Category,
        report_id: UUID,
        now: datetime,
    ) -> tuple[Report, bool]:
        """Store a report; tell it, and whether it opened an incident.

        Others who report wait for the number of this one, so it is taken when the incident is locked.
        """
        wanted.check(category)
        there = await self._there(tx, wanted, category, report_id)
        report = await self._numbered(tx, wanted, category, report_id, now)
        if there is None:
            change = await self._opening(tx, wanted, category, report, now)
            if not await add_incident(tx, change):
                raise _PlaceTakenError
            incident = change.incident
        else:
            incident = await _joined(tx, there, report, now)
        taken_on = incident.state is not IncidentState.REPORTED
        report = report.joining(incident.incident_id, taken_on=taken_on)
        sealed = self._seal.seal(wanted.content, report_id)
        await add_report(tx, report, sealed, token_hash(self._seal.follow_up_token(report_id)))
        await add_deadlines(tx, report)
        return report, there is None

    async def _there(
        self, tx: Transaction, wanted: ReportWanted, category: Category, report_id: UUID
    ) -> Incident | None:
        """Lock the incident that a report joins: the one that an officer named, or the open fire of a fire's place."""
        if wanted.incident_id is not None:
            incident = await lock_incident(tx, wanted.incident_id)
            incident.require_open()
            return incident
        if category.kind is not IncidentKind.FIRE:
            return None
        place = self._ward_code, wanted.place_key(report_id)
        return (await lock_open_fires_at(tx, [place])).get(place)

    async def _numbered(
        self,
        tx: Transaction,
        wanted: ReportWanted,
        category: Category,
        report_id: UUID,
        now: datetime,
    ) -> Report:
        """Take the next number for a report whose incident is still to be said."""
        year = year_of(now)
        calendar = await working_calendar(tx, tables.decided_days)
        return Report(
            report_id=report_id,
            number=report_number(year, await next_report_ordinal(tx, self._ward_code, year)),
            ward_code=self._ward_code,
            category=category.code,
            kind=category.kind,
            channel=wanted.channel,
            received_at=now,
            received_by=wanted.received_by,
            occurred_at=wanted.occurred_at,
            incident_id=report_id,
            address=wanted.address,
            position=wanted.position,
            road_accident=wanted.road_accident,
            deadlines=tuple(begin(clock, now, calendar) for clock in category.clocks),
        )

    async def _opening(
        self,
        tx: Transaction,
        wanted: ReportWanted,
        category: Category,
        report: Report,
        now: datetime,
    ) -> Change:
        place = await place_of(tx, wanted.premises_id) or Place(category.name_vi)
        incident = await self._new(
            tx,
            category,
            now,
            incident_id=self._new_id(),
            priority=category.priority,
            place_key=wanted.place_key(report.report_id),
            premises_id=wanted.premises_id,
            place=place.name,
            address=wanted.address or place.address,
            position=wanted.position,
        )
        text = sentences.reported(category.name_vi, report.number, category.priority)
        ladders = await ladders_of(tx, category.kind, category.code, now)
        return opening(Change(incident, now, Opened()), text, ladders, report.received_by)

    async def _split_off(
        self,
        tx: Transaction,
        source: Incident,
        leaving: list[Report],
        account: str,
        now: datetime,
    ) -> Change:
        first, incident_id = leaving[0], self._new_id()
        category = await category_in_force(tx, first.category, ward_day(now))
        incident = await self._new(
            tx,
            category,
            now,
            incident_id=incident_id,
            priority=source.priority,
            # That of the report may be the source's, which can still be an open fire.
            place_key=f"incident:{incident_id}",
            premises_id="",
            place=category.name_vi,
            address=first.address,
            position=first.position,
        )
        text = sentences.split_off(numbers_of(leaving), source.number)
        return Change(incident, now, Opened()).noting(EntryKind.OPENED, text, account)

    async def _new(
        self,
        tx: Transaction,
        category: Category,
        now: datetime,
        *,
        incident_id: UUID,
        priority: Priority,
        place_key: str,
        premises_id: str,
        place: str,
        address: str,
        position: Position | None,
    ) -> Incident:
        year = year_of(now)
        return Incident(
            incident_id=incident_id,
            number=number_for(year, await next_ordinal(tx, self._ward_code, year)),
            ward_code=self._ward_code,
            kind=category.kind,
            state=IncidentState.REPORTED,
            priority=priority,
            place_key=place_key,
            premises_id=premises_id,
            place=place,
            address=address,
            opened_at=now,
            category=category.code,
            position=position,
        )


async def _joined(tx: Transaction, incident: Incident, report: Report, now: datetime) -> Incident:
    change = incident.report_joined(report.number, report.received_by, now)
    return await save_change(tx, change)


async def _leaving(tx: Transaction, source: Incident, asked: Split) -> list[Report]:
    """Choose the reports that leave; raises ReportNotFoundError, or FieldInvalidError where nothing would be left."""
    there = await reports_of_incident(tx, source.incident_id)
    leaving = [report for report in there if report.report_id in asked.report_ids]
    if len(leaving) < len(asked.report_ids):
        raise ReportNotFoundError
    if len(leaving) == len(there) and not source.members:
        raise FieldInvalidError(
            "report_ids",
            Rule(
                "không phải tất cả tin báo của vụ việc không có báo động",
                "not all reports of an incident without alarms",
            ),
        )
    return leaving
