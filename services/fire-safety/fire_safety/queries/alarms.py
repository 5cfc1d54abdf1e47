"""Alarms."""

from uuid import UUID

from sqlalchemy import desc, select, tuple_

from chassis.database import Database
from fire_safety import tables
from fire_safety.domain.alarms import (
    Alarm,
    AlarmFilter,
    AlarmKind,
    AlarmNotFoundError,
    AlarmPosition,
    AlarmState,
)
from fire_safety.repository.rows import alarm_of

_alarms = tables.alarms.c


class AlarmQueries:
    """Asks for alarms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_alarm(self, alarm_id: UUID) -> Alarm:
        """Give an alarm; raises AlarmNotFoundError."""
        async with self._database.transaction() as tx:
            found = await tx.execute(select(tables.alarms).where(_alarms.alarm_id == alarm_id))
            row = found.mappings().one_or_none()
        if row is None:
            raise AlarmNotFoundError
        return alarm_of(row)

    async def list_alarms(
        self, chosen: AlarmFilter, after: AlarmPosition | None, limit: int
    ) -> list[Alarm]:
        """Give alarms, newest first."""
        statement = select(tables.alarms)
        if chosen.premises_id:
            statement = statement.where(_alarms.premises_id == chosen.premises_id)
        if chosen.device_id:
            statement = statement.where(_alarms.device_id == chosen.device_id)
        if chosen.signal_class:
            kinds = [one for one in AlarmKind if one.signal_class is chosen.signal_class]
            statement = statement.where(_alarms.kind.in_(kinds))
        if chosen.open_only:
            statement = statement.where(_alarms.state != AlarmState.RESET)
        if after:
            place = tuple_(_alarms.raised_at, _alarms.alarm_id)
            statement = statement.where(place < (after.raised_at, after.alarm_id))
        newest_first = (desc(_alarms.raised_at), desc(_alarms.alarm_id))
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(*newest_first).limit(limit))
            return [alarm_of(row) for row in rows.mappings()]
