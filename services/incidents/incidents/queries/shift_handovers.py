"""Sheets of shift handovers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import tuple_

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.duty.shift_handovers import Sheet, ShiftHandover
from incidents.repository.shift_handovers import sheet_at, shift_handover_of, shift_handovers


@dataclass(frozen=True)
class ShiftHandoverPage:
    """A page of sheets, and whether more follow."""

    shift_handovers: tuple[ShiftHandover, ...]
    more: bool


class ShiftHandoverQueries:
    """Asks for sheets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sheet(self, now: datetime) -> Sheet:
        """Tell the sheet as it would be now."""
        async with self._database.transaction() as tx:
            return await sheet_at(tx, now)

    async def page(self, size: int, after: tuple[datetime, UUID] | None) -> ShiftHandoverPage:
        """Tell a page of sheets, newest first, after the one that was made at a time and has an id."""
        columns = tables.shift_handovers.c
        wanted = shift_handovers().order_by(columns.at.desc(), columns.shift_handover_id.desc())
        if after is not None:
            wanted = wanted.where(tuple_(columns.at, columns.shift_handover_id) < tuple_(*after))
        async with self._database.transaction() as tx:
            rows = (await tx.execute(wanted.limit(size + 1))).all()
        return ShiftHandoverPage(tuple(map(shift_handover_of, rows[:size])), more=len(rows) > size)
