"""Tasks: stored, moved under lock, and listed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, update

from chassis.storage.database import Transaction
from incidents.domain.lifecycle.tasks import ENDED, Task, TaskNotFoundError, TaskState
from incidents.tables import tasks


async def add_task(tx: Transaction, task: Task) -> None:
    """Store a task."""
    await tx.execute(insert(tasks).values(**vars(task)))


async def load_task(tx: Transaction, task_id: UUID) -> Task:
    """Load a task; raises TaskNotFoundError. Who moves it holds the lock of its incident."""
    found = await tx.execute(select(tasks).where(tasks.c.task_id == task_id))
    row = found.one_or_none()
    if row is None:
        raise TaskNotFoundError
    return task_of(row)


async def save_task(tx: Transaction, task: Task) -> None:
    """Store what was done to a task."""
    await tx.execute(
        update(tasks)
        .where(tasks.c.task_id == task.task_id)
        .values(state=task.state, result=task.result, moved_at=task.moved_at)
    )


def overdue_tasks(now: datetime) -> Select[Any]:
    """Select the tasks that should be done by now, the longest overdue first."""
    return (
        select(tasks)
        .where(tasks.c.state.not_in(ENDED), tasks.c.due_at <= now)
        .order_by(tasks.c.due_at, tasks.c.task_id)
    )


def task_of(row: Row[Any]) -> Task:
    """Read a task."""
    columns = {column.name: getattr(row, column.name) for column in tasks.columns}
    return Task(**{**columns, "state": TaskState(row.state)})
