"""What time it is for the database."""

from datetime import datetime

from sqlalchemy import func, select

from chassis.storage.database import Database


class ClockQueries:
    """Asks the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self) -> datetime:
        """Tell its time."""
        async with self._database.transaction() as tx:
            told: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
            return told
