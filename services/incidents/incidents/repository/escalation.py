"""Timers, taken once whoever asks, and the ladders that they follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Row, Select, and_, bindparam, func, select, tuple_, update

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.incidents.incident import Incident
from incidents.domain.rules.escalation import Ladders, Recipient, Rung, Timer
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority
from incidents.repository.incidents import all_with_members

# A policy for every category of a kind names none.
_ANY = ""


@dataclass(frozen=True)
class Due:
    """A timer whose time has come, and its incident, locked."""

    incident: Incident
    timer: Timer


async def ladders_of(tx: Transaction, kind: IncidentKind, category: str, now: datetime) -> Ladders:
    """Read the ladders in force: of each priority all steps of its newest version that is effective.

    A category may have a ladder of its own for a priority; else that of its kind holds.
    """
    told = {"kind": kind, "category": category, "now": now}
    rows = (await tx.execute(_RUNGS_IN_FORCE, told)).all()
    own = {row.priority for row in rows if row.category}
    return Ladders(
        {
            (Priority(priority), step): _rung(list(rung))
            for (priority, step), rung in groupby(
                (row for row in rows if bool(row.category) is (row.priority in own)),
                key=lambda row: (row.priority, row.step),
            )
        }
    )


def _rungs_in_force() -> Select[Any]:
    columns = tables.escalation_policies.c
    kind: BindParameter[str] = bindparam("kind")
    newest = (
        select(
            columns.category,
            columns.priority,
            func.max(columns.effective_from).label("effective_from"),
        )
        .where(columns.kind == kind, columns.category.in_([_ANY, bindparam("category")]))
        .where(columns.effective_from <= bindparam("now"))
        .group_by(columns.category, columns.priority)
        .subquery()
    )
    in_force = and_(
        *(columns[name] == newest.c[name] for name in ("category", "priority", "effective_from"))
    )
    return (
        select(tables.escalation_policies)
        .join(newest, in_force)
        .where(columns.kind == kind)
        .order_by(columns.priority, columns.step, columns.position)
    )


# Written out once: to write it out again takes longer than to have it answered.
_RUNGS_IN_FORCE = _rungs_in_force()


def _rung(rows: Sequence[Row[Any]]) -> Rung:
    """Read one step from the rows of its recipients."""
    recipients = tuple(Recipient(row.recipient) for row in rows)
    first = rows[0]
    return Rung(first.step, timedelta(seconds=first.delay_s), recipients, first.channel)


async def take_due(tx: Transaction, now: datetime, at_most: int) -> list[Due]:
    """Take the timers that are due the longest; none if none is, or all are being taken or ended just now.

    Who ends a timer holds the lock of its incident. What is locked is passed over, so that nobody waits for
    anybody in a circle; it is asked for again in the next round. One timer of an incident waits at a time.
    """
    escalations, columns = tables.escalations, tables.escalations.c
    found = await tx.execute(
        select(tables.incidents, columns.due_at, columns.recipients, columns.channel)
        .add_columns(columns.step.label("due_step"))
        .join(escalations, columns.incident_id == tables.incidents.c.incident_id)
        .where(tables.PENDING, columns.due_at <= now)
        .order_by(columns.due_at)
        .limit(at_most)
        .with_for_update(of=[escalations, tables.incidents], skip_locked=True)
    )
    rows = found.all()
    if not rows:
        return []
    await tx.execute(
        update(escalations)
        .where(tuple_(columns.incident_id, columns.step).in_(_keys(rows)))
        .values(taken_at=now)
    )
    incidents = await all_with_members(tx, rows)
    return [Due(one, _timer(row)) for one, row in zip(incidents, rows, strict=True)]


def _keys(rows: Iterable[Row[Any]]) -> list[tuple[Any, int]]:
    return [(row.incident_id, row.due_step) for row in rows]


def _timer(row: Row[Any]) -> Timer:
    recipients = tuple(Recipient(one) for one in row.recipients)
    return Timer(row.due_step, row.due_at, recipients, row.channel)
