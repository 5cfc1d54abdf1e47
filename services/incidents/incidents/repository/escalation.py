"""Timers, taken once whoever asks, and the ladders that they follow."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select, update

from chassis.database import Transaction
from incidents import tables
from incidents.domain.escalation import Ladders, Rung, Timer
from incidents.domain.incidents import Incident
from incidents.domain.kinds import IncidentKind
from incidents.domain.priorities import Priority
from incidents.repository.incidents import with_members


@dataclass(frozen=True)
class Due:
    """A timer whose time has come, and its incident, locked."""

    incident: Incident
    timer: Timer


async def ladders_of(tx: Transaction, kind: IncidentKind, now: datetime) -> Ladders:
    """Read the ladders in force: of each priority all steps of its newest version that is effective."""
    columns = tables.escalation_policies.c
    newest = (
        select(columns.priority, func.max(columns.effective_from).label("effective_from"))
        .where(columns.kind == kind, columns.effective_from <= now)
        .group_by(columns.priority)
        .subquery()
    )
    in_force = and_(
        columns.priority == newest.c.priority, columns.effective_from == newest.c.effective_from
    )
    rows = await tx.execute(
        select(tables.escalation_policies).join(newest, in_force).where(columns.kind == kind)
    )
    rungs = {
        (Priority(row.priority), row.step): Rung(
            row.step, timedelta(seconds=row.delay_s), row.recipient, row.channel
        )
        for row in rows
    }
    return Ladders(rungs)


async def take_due(tx: Transaction, now: datetime) -> Due | None:
    """Take the timer that is due the longest; None if none is, or all are being taken or ended just now.

    Who ends a timer holds the lock of its incident. What is locked is passed over, so that nobody waits for
    anybody in a circle; it is asked for again in the next round.
    """
    escalations, columns = tables.escalations, tables.escalations.c
    found = await tx.execute(
        select(tables.incidents, columns.due_at, columns.recipient, columns.channel)
        .add_columns(columns.step.label("due_step"))
        .join(escalations, columns.incident_id == tables.incidents.c.incident_id)
        .where(tables.PENDING, columns.due_at <= now)
        .order_by(columns.due_at)
        .limit(1)
        .with_for_update(of=[escalations, tables.incidents], skip_locked=True)
    )
    row = found.one_or_none()
    if row is None:
        return None
    await tx.execute(
        update(escalations)
        .where(columns.incident_id == row.incident_id, columns.step == row.due_step)
        .values(taken_at=now)
    )
    timer = Timer(row.due_step, row.due_at, row.recipient, row.channel)
    return Due(await with_members(tx, row), timer)
