"""Deadlines, their pauses, and what may pause them."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, tuple_
from sqlalchemy.sql.selectable import LateralFromClause

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.due_deadlines import DueDeadline
from incidents.domain.incidents.requests import DueListing
from incidents.domain.rules.deadlines import DueFilter, Owed, Pause, PauseReason
from incidents.queries.gathering import (
    incident_from,
    incidents_with,
    one_incident_with,
    row_of,
)
from incidents.repository.deadlines import OWED, owed_of, pause_reason_of, pause_reasons_on
from incidents.repository.gathering import DEADLINES, deadlines_of, gather

_deadlines = tables.deadlines.c


@dataclass(frozen=True)
class Clocks:
    """The deadlines that an incident goes on for, the earliest due first, and its pauses, oldest first."""

    deadlines: tuple[Owed, ...]
    pauses: tuple[Pause, ...]


class DeadlineQueries:
    """Asks for deadlines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def clocks(self, incident_id: UUID) -> Clocks:
        """Tell the deadlines and pauses of an incident; raises IncidentNotFoundError."""
        row = await row_of(self._database, incident_id, _clocks())
        owed = zip(deadlines_of(row), row.clock_reports, row.clock_numbers, strict=True)
        pauses = zip(
            row.pause_sequences,
            row.pause_reasons,
            row.pauses_began,
            row.paused_by,
            row.pauses_ended,
            row.resumed_by,
            strict=True,
        )
        return Clocks(
            deadlines=tuple(
                Owed(deadline, incident_id, report_id, number or "")
                for deadline, report_id, number in owed
            ),
            pauses=tuple(
                Pause(sequence, reason, paused_at, paused_by, resumed_at, resumed_by or "")
                for sequence, reason, paused_at, paused_by, resumed_at, resumed_by in pauses
            ),
        )

    async def due(self, listing: DueListing, now: datetime) -> list[DueDeadline]:
        """Tell a page of running deadlines, over or due soon, the longest over first, and one more if others follow."""
        async with self._database.transaction() as tx:
            rows = (await tx.execute(_due(listing, now))).all()
        return [DueDeadline(incident_from(row), owed_of(row)) for row in rows]

    async def pause_reasons(self, day: date) -> tuple[PauseReason, ...]:
        """Tell the reasons in force on a day, in order of categories and codes; those that were ended are none."""
        async with self._database.transaction() as tx:
            reasons = [pause_reason_of(row) for row in await tx.execute(pause_reasons_on(day))]
        return tuple(one for one in reasons if one.clocks)


@cache
def _clocks() -> Select[Any]:
    return one_incident_with(_owed(), _paused())


def _due(listing: DueListing, now: datetime) -> Select[Any]:
    reports = tables.reports.c
    number = func.coalesce(reports.number, "").label("report_number")
    source = tables.incidents.join(
        tables.deadlines, _deadlines.incident_id == tables.incidents.c.incident_id
    ).outerjoin(tables.reports, reports.report_id == _deadlines.report_id)
    key = (_deadlines.due_at, _deadlines.subject_id, _deadlines.kind)
    page = (
        incidents_with(source=source)
        .add_columns(*OWED, number)
        .where(tables.RUNNING)
        .order_by(*key)
        .limit(listing.size + 1)
    )
    is_over, is_soon = _deadlines.due_at < now, _deadlines.soon_at <= now
    match listing.filter:
        case DueFilter.OVERDUE:
            page = page.where(is_over)
        case DueFilter.DUE_SOON:
            page = page.where(is_soon, ~is_over)
        case None:
            page = page.where(is_over | is_soon)
    return page if listing.after is None else page.where(tuple_(*key) > tuple_(*listing.after))


def _owed() -> LateralFromClause:
    reports = tables.reports.c
    return gather(
        "owed",
        tables.deadlines.outerjoin(tables.reports, reports.report_id == _deadlines.report_id),
        _deadlines.incident_id == tables.incidents.c.incident_id,
        [_deadlines.due_at, _deadlines.subject_id, _deadlines.kind],
        clock_reports=_deadlines.report_id,
        clock_numbers=reports.number,
        **DEADLINES,
    )


def _paused() -> LateralFromClause:
    pauses, ended = tables.clock_pauses.c, tables.clock_resumptions.c
    return gather(
        "paused",
        tables.clock_pauses.outerjoin(
            tables.clock_resumptions,
            (ended.incident_id == pauses.incident_id) & (ended.sequence == pauses.sequence),
        ),
        pauses.incident_id == tables.incidents.c.incident_id,
        [pauses.sequence],
        pause_sequences=pauses.sequence,
        pause_reasons=pauses.reason,
        pauses_began=pauses.paused_at,
        paused_by=pauses.account,
        pauses_ended=ended.resumed_at,
        resumed_by=ended.account,
    )
