"""Tasks in incidents, one transaction each."""

from collections.abc import Callable
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from incidents.domain.incidents.requests import TaskWanted
from incidents.domain.lifecycle.task_requests import TaskMove
from incidents.domain.lifecycle.tasks import Task
from incidents.operations.requests import claimed, taken_on
from incidents.repository.incidents import lock_incident, save_change
from incidents.repository.tasks import add_task, load_task, save_task


class TaskOperations:
    """Gives and moves tasks. Each method tells the task after it; a repeat changes nothing.

    Raises RequestIdReusedError.
    """

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._new_id = new_id

    async def give(self, asked: TaskWanted) -> Task:
        """Give a task; who gives it takes the incident on.

        Raises IncidentNotFoundError and what the lifecycle refuses.
        """
        now, task_id = self._clock(), self._new_id()
        task = Task(
            task_id=task_id,
            incident_id=asked.incident_id,
            owner=asked.owner,
            task=asked.task,
            accountable=asked.accountable or asked.account,
            due_at=asked.due_at,
            given_by=asked.account,
            given_at=now,
            moved_at=now,
        )
        async with self._database.transaction() as tx:
            first = await claimed(tx, asked, str(task_id), now)
            if first is not None:
                return await load_task(tx, UUID(first))
            incident = await lock_incident(tx, asked.incident_id)
            incident = await taken_on(tx, incident, asked.account, now)
            await save_change(tx, incident.give_task(task, asked.account, now))
            await add_task(tx, task)
        self._relay.wake()
        return task

    async def move(self, asked: TaskMove) -> Task:
        """Move a task by its owner; raises TaskNotFoundError, and what the task's state or owner refuses."""
        now = self._clock()
        async with self._database.transaction() as tx:
            task = await load_task(tx, asked.task_id)
            incident = await lock_incident(tx, task.incident_id)
            first = await claimed(tx, asked, str(asked.task_id), now)
            # As it is under the lock: somebody may have moved it meanwhile.
            task = await load_task(tx, asked.task_id)
            if first is not None:
                return task
            task = task.moved(asked.act, asked.note, asked.account, now)
            change = incident.task_moved(task.owner, asked.act, asked.note, asked.account, now)
            await save_change(tx, change)
            await save_task(tx, task)
        self._relay.wake()
        return task
