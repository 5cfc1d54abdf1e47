"""Deadlines of which is to be told that they are due soon or over, taken once whoever asks."""

from datetime import datetime

from sqlalchemy import case, func, select, tuple_, update

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.due_deadlines import DueDeadline
from incidents.repository.deadlines import OWED, owed_of
from incidents.repository.incidents import all_with_members

_deadlines = tables.deadlines.c


async def take_due_deadlines(tx: Transaction, now: datetime, at_most: int) -> list[DueDeadline]:
    """Take the deadlines of which is to be told for the longest; none if there are none, or all are locked just now.

    As escalations are taken: who stops or moves a deadline holds the lock of its incident, and what is locked is passed
    over. Of an incident one is taken at a time, since each changes it.
    """
    number = (
        select(tables.reports.c.number)
        .where(tables.reports.c.report_id == _deadlines.report_id)
        .scalar_subquery()
    )
    found = await tx.execute(
        select(tables.incidents, *OWED, func.coalesce(number, "").label("report_number"))
        .join(tables.deadlines, _deadlines.incident_id == tables.incidents.c.incident_id)
        .where(_deadlines.next_at < now)
        .order_by(_deadlines.next_at)
        .limit(at_most)
        .with_for_update(of=[tables.deadlines, tables.incidents], skip_locked=True)
    )
    rows = list({row.incident_id: row for row in reversed(found.all())}.values())
    if not rows:
        return []
    keys = [(row.deadline_subject_id, row.deadline_kind) for row in rows]
    await tx.execute(
        update(tables.deadlines)
        .where(tuple_(_deadlines.subject_id, _deadlines.kind).in_(keys))
        .values(told=case((_deadlines.due_at < now, 2), else_=1))
    )
    incidents = await all_with_members(tx, rows)
    return [DueDeadline(one, owed_of(row)) for one, row in zip(incidents, rows, strict=True)]
