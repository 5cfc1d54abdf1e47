"""Offers to the city's dispatch centre: stored, taken when due, and changed as the centre answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage.database import Transaction
from incidents.domain.lifecycle.handovers import (
    TAKEN_FOR,
    Handover,
    HandoverPendingError,
    HandoverState,
)
from incidents.tables import HANDOVER_PENDING, handovers


async def add_handover(tx: Transaction, handover: Handover) -> None:
    """Store an offer; raises HandoverPendingError where another one of its incident is not over."""
    added = (
        upsert(handovers)
        .values(vars(handover))
        .on_conflict_do_nothing(index_elements=["incident_id"], index_where=HANDOVER_PENDING)
    )
    if not (await tx.execute(added)).rowcount:
        raise HandoverPendingError


async def load_handover(tx: Transaction, handover_id: UUID) -> Handover:
    """Load an offer that is there; whoever changes it holds the lock of its incident."""
    wanted = select(handovers).where(handovers.c.handover_id == handover_id)
    return handover_of((await tx.execute(wanted)).one())


async def save_handover(tx: Transaction, handover: Handover) -> None:
    """Store an offer as it stands now."""
    changed = update(handovers).where(handovers.c.handover_id == handover.handover_id)
    await tx.execute(changed.values(vars(handover)))


async def take_handovers(tx: Transaction, now: datetime, limit: int) -> list[Handover]:
    """Take offers of which the centre is to be asked; whoever else asks gets others meanwhile."""
    columns = handovers.c
    due = (
        select(columns.handover_id)
        .where(HANDOVER_PENDING, columns.due_at <= now)
        .order_by(columns.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(handovers)
        .where(columns.handover_id == due.c.handover_id)
        .values(due_at=now + TAKEN_FOR)
        .returning(handovers)
    )
    return [handover_of(row) for row in await tx.execute(taken)]


def handover_of(row: Row[Any]) -> Handover:
    """Read an offer."""
    return Handover(**{**row._mapping, "state": HandoverState(row.state)})  # noqa: SLF001 - SQLAlchemy's name
