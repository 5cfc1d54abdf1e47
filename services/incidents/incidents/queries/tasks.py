"""Tasks of incidents."""

from uuid import UUID

from sqlalchemy import select

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.lifecycle.tasks import Task
from incidents.repository.tasks import task_of


class TaskQueries:
    """Asks for tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_incident(self, incident_id: UUID) -> list[Task]:
        """Tell the tasks of an incident, oldest first."""
        columns = tables.tasks.c
        asked = (
            select(tables.tasks)
            .where(columns.incident_id == incident_id)
            .order_by(columns.given_at, columns.task_id)
        )
        async with self._database.transaction() as tx:
            return [task_of(row) for row in await tx.execute(asked)]
