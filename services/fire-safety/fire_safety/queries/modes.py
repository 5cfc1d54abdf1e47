"""Tests and disablements, and what was signalled meanwhile."""

from datetime import datetime

from sqlalchemy import desc, select, tuple_

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.alarms.alarm import AlarmKind, Suppression
from fire_safety.domain.alarms.modes import (
    DeviceMode,
    ModeFilter,
    ModePosition,
    SuppressedFilter,
    SuppressedSignal,
)
from fire_safety.repository.modes import modes_with_places
from fire_safety.repository.rows import mode_of

_modes, _signals = tables.device_modes.c, tables.suppressed_signals.c


class ModeQueries:
    """Asks for modes and suppressed signals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_modes(
        self, chosen: ModeFilter, after: ModePosition | None, limit: int, now: datetime
    ) -> list[DeviceMode]:
        """Give modes, newest first."""
        statement = modes_with_places()
        if chosen.target_id:
            statement = statement.where(_modes.target_id == chosen.target_id)
        if chosen.premises_id:
            statement = statement.where(_modes.premises_id == chosen.premises_id)
        if chosen.in_force_only:
            statement = statement.where(_modes.ended_at.is_(None), _modes.ends_at > now)
        if after:
            place = tuple_(_modes.begins_at, _modes.mode_id)
            statement = statement.where(place < (after.begins_at, after.mode_id))
        newest_first = (desc(_modes.begins_at), desc(_modes.mode_id))
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(*newest_first).limit(limit))
            return [mode_of(row) for row in rows.mappings()]

    async def list_signals(
        self, chosen: SuppressedFilter, after: int | None, limit: int
    ) -> list[SuppressedSignal]:
        """Give suppressed signals, newest first."""
        statement = select(tables.suppressed_signals)
        if chosen.device_id:
            statement = statement.where(_signals.device_id == chosen.device_id)
        if chosen.premises_id:
            statement = statement.where(_signals.premises_id == chosen.premises_id)
        if after is not None:
            statement = statement.where(_signals.signal_id < after)
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(desc(_signals.signal_id)).limit(limit))
            return [
                SuppressedSignal(
                    **{**row, "kind": AlarmKind(row["kind"]), "why": Suppression(row["why"])}
                )
                for row in rows.mappings()
            ]
