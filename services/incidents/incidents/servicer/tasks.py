"""Tasks in incidents."""

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_account
from chassis.rpc.servicer import Context
from incidents.operations.tasks import TaskOperations
from incidents.queries.tasks import TaskQueries
from incidents.wire import tasks as wire
from incidents.wire.fields import read_id
from ward.incidents.v1 import tasks_pb2 as pb
from ward.incidents.v1 import tasks_pb2_grpc


class TasksServicer(tasks_pb2_grpc.TasksServiceServicer):
    """The methods of `TasksService`."""

    service: str = pb.DESCRIPTOR.services_by_name["TasksService"].full_name

    def __init__(self, operations: TaskOperations, queries: TaskQueries, clock: Clock) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        tasks_pb2_grpc.add_TasksServiceServicer_to_server(self, server)

    async def GiveTask(self, request: pb.GiveTaskRequest, context: Context) -> pb.GiveTaskResponse:
        """Give a task."""
        now = self._clock()
        given = await self._operations.give(wire.read_task_wanted(request, current_account(), now))
        return pb.GiveTaskResponse(task=wire.task_message(given, now))

    async def MoveTask(self, request: pb.MoveTaskRequest, context: Context) -> pb.MoveTaskResponse:
        """Move a task."""
        moved = await self._operations.move(wire.read_move(request, current_account()))
        return pb.MoveTaskResponse(task=wire.task_message(moved, self._clock()))

    async def ListTasks(
        self, request: pb.ListTasksRequest, context: Context
    ) -> pb.ListTasksResponse:
        """Tell the tasks of an incident."""
        found, now = await self._queries.of_incident(read_id(request.incident_id)), self._clock()
        return pb.ListTasksResponse(tasks=[wire.task_message(one, now) for one in found])
