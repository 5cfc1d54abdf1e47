"""What recording starts from."""

from datetime import datetime

from sqlalchemy import select

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.readings.surplus import RecordingLimits
from fire_safety.tables.versions import in_force


class RecordingQueries:
    """Asks how far the readings are stored, and how much of one device may be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def limits(self, now: datetime) -> RecordingLimits:
        """Give how much of one device is stored by the version in force."""
        columns = tables.recording_limits.c
        statement = (
            select(*(columns[name] for name in RecordingLimits.__dataclass_fields__))
            .where(in_force(columns.effective_from, now))
            .order_by(columns.version.desc())
            .limit(1)
        )
        async with self._database.transaction() as tx:
            return RecordingLimits(**(await tx.execute(statement)).mappings().one())

    async def recorded(self, ward_code: str) -> int:
        """Give the message of the stream up to which everything is stored; 0 if nothing is known."""
        positions = tables.recorder_positions.c
        statement = select(positions.stream_sequence).where(positions.ward_code == ward_code)
        async with self._database.transaction() as tx:
            return await tx.scalar(statement) or 0
