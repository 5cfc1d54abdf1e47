"""Deadlines: begun, met, paused, carried from one incident to another as the timeline tells, and taken when due."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on

from chassis.calendar.decided_days import working_calendar
from chassis.clock import ward_day
from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.incident import Change, Incident
from incidents.domain.lifecycle.timeline import EntryKind, TimelineEntry
from incidents.domain.reports.report import Report
from incidents.domain.rules.catalogue import ClockKind, ClockUnit
from incidents.domain.rules.deadlines import Deadline, Owed, Pause, PauseReason
from incidents.domain.rules.priorities import Priority
from incidents.repository.catalogue import priorities_on
from incidents.repository.reports import tree_of

_deadlines = tables.deadlines.c
_pauses = tables.clock_pauses.c
# The columns of a deadline, told from those of its incident.
OWED = [column.label(f"deadline_{column.name}") for column in _deadlines]
_rules = priorities_on(bindparam("day", type_=Date)).subquery("rules")
_ACKNOWLEDGE_WITHIN = select(_rules.c.acknowledge_within_s).where(
    _rules.c.priority == bindparam("priority")
)
# The clock of an incident itself. What an alarm waits for is written out once.
_ACKNOWLEDGE = {"kind": ClockKind.ACKNOWLEDGE, "unit": ClockUnit.MINUTES}
_BEGIN = insert(tables.deadlines)
# Which clocks an end meets; the others stop with it unmet.
_MET_BY: Mapping[EntryKind, frozenset[ClockKind]] = {
    EntryKind.RESOLVED: frozenset({ClockKind.ANSWER}),
    EntryKind.CLOSED: frozenset({ClockKind.ANSWER}),
    EntryKind.TRANSFERRED: frozenset({ClockKind.TRANSFER}),
    EntryKind.FALSE_ALARM: frozenset(),
}


async def follow(tx: Transaction, changes: Iterable[Change]) -> None:
    """Have deadlines follow what the timelines of locked incidents tell."""
    for change in changes:
        for entry in change.entries:
            if follows := _FOLLOWING.get(entry.kind):
                await follows(tx, change, entry)
        if change.raised:
            await _hasten(tx, change)


async def add_deadlines(tx: Transaction, report: Report) -> None:
    """Store what is owed for a report that was received into a locked incident; a pause of that holds for it too."""
    if not report.deadlines:
        return
    await tx.execute(
        insert(tables.deadlines),
        [
            {
                "subject_id": report.report_id,
                "report_id": report.report_id,
                "incident_id": report.incident_id,
                **vars(one),
            }
            for one in report.deadlines
        ],
    )
    await stop_paused(tx, report.incident_id, report.received_at)


async def move_deadlines(
    tx: Transaction, report_ids: Iterable[UUID], incident_id: UUID, now: datetime
) -> None:
    """Have another incident go on for what is owed for reports, without the pause of the one before."""
    moved = _deadlines.report_id.in_(report_ids)
    await tx.execute(update(tables.deadlines).where(moved).values(incident_id=incident_id))
    await _run_on(tx, moved, now)


async def add_pause(tx: Transaction, change: Change, reason: str, account: str) -> None:
    """Store a pause of a locked incident beside the last entry of its timeline, and stop what it stops."""
    incident = change.incident
    await tx.execute(
        insert(tables.clock_pauses).values(
            incident_id=incident.incident_id,
            sequence=incident.entries,
            reason=reason,
            paused_at=change.at,
            account=account,
        )
    )
    await stop_paused(tx, incident.incident_id, change.at)


async def end_pause(tx: Transaction, incident_id: UUID, account: str, now: datetime) -> None:
    """End the pause of a locked incident, if it is paused; what stood still runs on."""
    lasting = select(_pauses.incident_id, _pauses.sequence).where(
        _pauses.incident_id == incident_id, lasts()
    )
    ended = lasting.add_columns(literal(now), literal(account))
    names = ["incident_id", "sequence", "resumed_at", "account"]
    await tx.execute(insert(tables.clock_resumptions).from_select(names, ended))
    await _run_on(tx, _deadlines.incident_id == incident_id, now)


async def lasting_pause(tx: Transaction, incident_id: UUID) -> Pause | None:
    """Load the pause of a locked incident that lasts; None if it is not paused."""
    paused = select(tables.clock_pauses).where(_pauses.incident_id == incident_id, lasts())
    row = (await tx.execute(paused)).one_or_none()
    return None if row is None else Pause(row.sequence, row.reason, row.paused_at, row.account)


async def pause_reason(tx: Transaction, category: str, code: str, day: date) -> PauseReason | None:
    """Load a reason in force for a category; None if there is none."""
    reasons = pause_reasons_on(day).subquery("reasons")
    wanted = select(reasons).where(reasons.c.category == category, reasons.c.code == code)
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else pause_reason_of(row)


def pause_reasons_on(day: date) -> Select[Any]:
    """Select the newest version of each reason that is in force on a day, in order of categories and codes."""
    columns = tables.pause_reasons.c
    return (
        select(tables.pause_reasons)
        .ext(distinct_on(columns.category, columns.code))
        .where(columns.effective_from <= day)
        .order_by(columns.category, columns.code, columns.effective_from.desc())
    )


async def stop_paused(tx: Transaction, incident_id: UUID, now: datetime) -> None:
    """Stop what the pause of a locked incident stops, of each report by its own category; what is over runs on."""
    reasons = pause_reasons_on(ward_day(now)).subquery("reasons")
    reports, incidents = tables.reports.c, tables.incidents.c
    category = func.coalesce(
        select(reports.category)
        .where(reports.report_id == _deadlines.report_id)
        .correlate(tables.deadlines)
        .scalar_subquery(),
        select(incidents.category).where(incidents.incident_id == incident_id).scalar_subquery(),
    )
    stopped_by = exists().where(
        _pauses.incident_id == incident_id,
        lasts(),
        reasons.c.code == _pauses.reason,
        reasons.c.category == category,
        _deadlines.kind == func.any(reasons.c.clocks),
    )
    await tx.execute(
        update(tables.deadlines)
        .where(_deadlines.incident_id == incident_id, tables.RUNNING, _deadlines.due_at >= now)
        .where(stopped_by)
        .values(paused_at=now)
    )


def lasts() -> ColumnElement[bool]:
    """Say that a pause has not ended."""
    ended = tables.clock_resumptions.c
    return ~exists().where(
        ended.incident_id == _pauses.incident_id, ended.sequence == _pauses.sequence
    )


def owed_of(row: Row[Any]) -> Owed:
    """Read a deadline and what it is owed for, from columns of `OWED` and the report's number."""
    return Owed(
        deadline_of(row), row.deadline_incident_id, row.deadline_report_id, row.report_number
    )


def deadline_of(row: Row[Any]) -> Deadline:
    """Read a deadline from columns of `OWED`."""
    return Deadline(
        kind=ClockKind(row.deadline_kind),
        unit=ClockUnit(row.deadline_unit),
        due_at=row.deadline_due_at,
        soon_at=row.deadline_soon_at,
        paused_at=row.deadline_paused_at,
        met_at=row.deadline_met_at,
        stopped_at=row.deadline_stopped_at,
    )


def pause_reason_of(row: Row[Any]) -> PauseReason:
    """Read a reason."""
    return PauseReason(
        category=row.category,
        code=row.code,
        name_vi=row.name_vi,
        name_en=row.name_en,
        clocks=frozenset(ClockKind(one) for one in row.clocks),
        priorities=frozenset(Priority(one) for one in row.priorities),
        effective_from=row.effective_from,
        source=row.source,
    )


async def _begin(tx: Transaction, change: Change, entry: TimelineEntry) -> None:
    """Begin the clock of an incident itself: that somebody takes it on in the time of its priority, if it has one."""
    incident = change.incident
    within = await _acknowledge_within(tx, incident, entry.at)
    if within is None or incident.exercise:
        return
    of_itself = dict.fromkeys(("subject_id", "incident_id"), incident.incident_id)
    await tx.execute(_BEGIN, {**of_itself, **_ACKNOWLEDGE, "due_at": entry.at + within})


async def _hasten(tx: Transaction, change: Change) -> None:
    """Have an incident whose priority was raised taken on in the time of that from now on, if that is earlier."""
    within = await _acknowledge_within(tx, change.incident, change.at)
    if within is not None:
        await tx.execute(
            update(tables.deadlines)
            .where(_deadlines.subject_id == change.incident.incident_id, tables.RUNNING)
            .values(due_at=func.least(_deadlines.due_at, change.at + within))
        )


async def _acknowledge_within(
    tx: Transaction, incident: Incident, now: datetime
) -> timedelta | None:
    told = {"day": ward_day(now), "priority": incident.priority}
    seconds: int | None = await tx.scalar(_ACKNOWLEDGE_WITHIN, told)
    return None if seconds is None else timedelta(seconds=seconds)


async def _taken_on(tx: Transaction, change: Change, entry: TimelineEntry) -> None:
    await tx.execute(
        update(tables.deadlines)
        .where(_deadlines.incident_id == change.incident.incident_id)
        .where(_deadlines.kind == ClockKind.ACKNOWLEDGE, _deadlines.stopped_at.is_(None))
        .values(met_at=entry.at, stopped_at=entry.at)
    )


async def _ended(tx: Transaction, change: Change, entry: TimelineEntry) -> None:
    """Stop all that waits, after the pause: met, or with nothing to wait for any more."""
    incident_id = change.incident.incident_id
    await end_pause(tx, incident_id, entry.actor, entry.at)
    met = _deadlines.kind.in_(_MET_BY[entry.kind])
    await tx.execute(
        update(tables.deadlines)
        .where(_deadlines.incident_id == incident_id, _deadlines.stopped_at.is_(None))
        .values(met_at=case((met, entry.at), else_=null()), stopped_at=entry.at)
    )


async def _merged(tx: Transaction, change: Change, entry: TimelineEntry) -> None:
    """Have the other incident go on for what waits. What was met stays, so that it is not taken back with the rest."""
    incident_id, into = change.incident.incident_id, change.incident.duplicate_of
    await end_pause(tx, incident_id, entry.actor, entry.at)
    await tx.execute(
        update(tables.deadlines)
        .where(_deadlines.incident_id == incident_id, _deadlines.stopped_at.is_(None))
        .values(incident_id=into)
    )
    if into is not None:
        await stop_paused(tx, into, entry.at)


async def _separated(tx: Transaction, change: Change, entry: TimelineEntry) -> None:
    """Take back what is owed for the reports of an incident and of those merged into it, as if it had not been merged.

    What the other incident met or ended, this one has not.
    """
    incident_id = change.incident.incident_id
    own = tree_of(incident_id)
    reports = tables.reports.c
    of_own = select(reports.report_id).where(reports.incident_id.in_(own))
    taken = and_(_deadlines.report_id.in_(of_own), _deadlines.incident_id.not_in(own))
    moved = await tx.execute(
        update(tables.deadlines)
        .where(taken)
        .values(incident_id=incident_id, met_at=None, stopped_at=None)
        .returning(_deadlines.report_id)
    )
    await _run_on(tx, _deadlines.report_id.in_(moved.scalars().all()), entry.at)


async def _reopened(tx: Transaction, change: Change, _entry: TimelineEntry) -> None:
    """Have run what had not been done after all; to whom it was handed over, it was handed over."""
    undone = (_deadlines.kind == ClockKind.ANSWER) | _deadlines.met_at.is_(None)
    await tx.execute(
        update(tables.deadlines)
        .where(_deadlines.incident_id == change.incident.incident_id)
        .where(_deadlines.stopped_at.is_not(None), undone)
        .values(met_at=None, stopped_at=None)
    )


_FOLLOWING: Mapping[EntryKind, Callable[[Transaction, Change, TimelineEntry], Awaitable[None]]] = {
    EntryKind.OPENED: _begin,
    EntryKind.ACKNOWLEDGED: _taken_on,
    **dict.fromkeys(_MET_BY, _ended),
    EntryKind.MERGED: _merged,
    EntryKind.SEPARATED: _separated,
    EntryKind.REOPENED: _reopened,
}


async def _run_on(tx: Transaction, which: ColumnElement[bool], now: datetime) -> None:
    """Let deadlines that are paused run on with the time that was left."""
    paused = select(*OWED).where(which, _deadlines.paused_at.is_not(None)).with_for_update()
    rows = (await tx.execute(paused)).all()
    if not rows:
        return
    calendar = await working_calendar(tx, tables.decided_days)
    running = [(row, deadline_of(row).run_on(now, calendar)) for row in rows]
    await tx.execute(
        update(tables.deadlines).where(
            _deadlines.subject_id == bindparam("subject"), _deadlines.kind == bindparam("clock")
        ),
        [
            {
                "subject": row.deadline_subject_id,
                "clock": row.deadline_kind,
                "due_at": one.due_at,
                "soon_at": one.soon_at,
                "paused_at": None,
            }
            for row, one in running
        ],
    )
