"""The inbox: event ids whose effect is in this database, written in the transaction of the effect."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    MetaData,
    Table,
    UpdateBase,
    Uuid,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from chassis.storage.database import Transaction


def inbox_table(metadata: MetaData) -> Table:
    """Declare the table of events that have had their effect."""
    return Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, index=True),
    )


async def first_time(tx: Transaction, table: Table, event_id: UUID, now: datetime) -> bool:
    """Enter an event; False if it had its effect before, and then nothing more is to be done."""
    return bool(await first_times(tx, table, [event_id], now))


async def first_times(
    tx: Transaction, table: Table, event_ids: Iterable[UUID], now: datetime
) -> set[UUID]:
    """Enter events likewise, in one statement; tell which of them had no effect before."""
    # In order, so that two who enter the same ones do not wait for each other in a circle.
    told = {"event_ids": sorted(set(event_ids)), "now": now}
    return set(await tx.scalars(_enter_all(table), told))


async def prune(tx: Transaction, table: Table, before: datetime) -> int:
    """Forget events that the stream no longer keeps and so cannot deliver again; tell how many."""
    return (await tx.execute(delete(table).where(table.c.received_at < before))).rowcount


@cache
def _enter_all(table: Table) -> UpdateBase:
    given = func.unnest(bindparam("event_ids", type_=ARRAY(Uuid)))
    entered = insert(table).from_select(
        ["event_id", "received_at"], select(given, bindparam("now", type_=DateTime(timezone=True)))
    )
    return entered.on_conflict_do_nothing().returning(table.c.event_id)
