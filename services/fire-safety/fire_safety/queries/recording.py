"""What recording starts from."""

from sqlalchemy import select

from chassis.database import Database
from fire_safety import tables


class RecordingQueries:
    """Asks how far the readings are stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recorded(self, ward_code: str) -> int:
        """Give the message of the stream up to which everything is stored; 0 if nothing is known."""
        positions = tables.recorder_positions.c
        statement = select(positions.stream_sequence).where(positions.ward_code == ward_code)
        async with self._database.transaction() as tx:
            return await tx.scalar(statement) or 0
