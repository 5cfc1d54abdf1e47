"""Timers that wait."""

from datetime import datetime

from sqlalchemy import func, select

from chassis.storage.database import Database
from incidents import tables


class TimerQueries:
    """Asks for timers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next_due_at(self) -> datetime | None:
        """Tell when the next step of a ladder is due; None if none is waiting."""
        async with self._database.transaction() as tx:
            due_at = func.min(tables.escalations.c.due_at)
            found: datetime | None = await tx.scalar(select(due_at).where(tables.PENDING))
        return found

    async def next_told_at(self) -> datetime | None:
        """Tell when the next deadline is due soon or over; None if none waits to be told of."""
        async with self._database.transaction() as tx:
            found: datetime | None = await tx.scalar(select(func.min(tables.deadlines.c.next_at)))
        return found
