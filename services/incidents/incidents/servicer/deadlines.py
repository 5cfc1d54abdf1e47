"""Deadlines and their pauses."""

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.rpc.servicer import Context
from incidents.operations.deadlines import DeadlineOperations
from incidents.queries.deadlines import DeadlineQueries
from incidents.wire import deadlines as wire
from incidents.wire.categories import read_day
from incidents.wire.deadline_events import deadline_message
from incidents.wire.fields import read_id
from incidents.wire.incidents import incident_message
from ward.incidents.v1 import deadlines_pb2 as pb
from ward.incidents.v1 import deadlines_pb2_grpc


class DeadlinesServicer(deadlines_pb2_grpc.DeadlinesServiceServicer):
    """The methods of `DeadlinesService`."""

    service: str = pb.DESCRIPTOR.services_by_name["DeadlinesService"].full_name

    def __init__(
        self, operations: DeadlineOperations, queries: DeadlineQueries, clock: Clock
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        deadlines_pb2_grpc.add_DeadlinesServiceServicer_to_server(self, server)

    async def PauseClocks(
        self, request: pb.PauseClocksRequest, context: Context
    ) -> pb.PauseClocksResponse:
        """Pause the clocks of an incident."""
        incident = await self._operations.pause(wire.read_pausing(request, current_account()))
        return pb.PauseClocksResponse(incident=incident_message(incident))

    async def ResumeClocks(
        self, request: pb.ResumeClocksRequest, context: Context
    ) -> pb.ResumeClocksResponse:
        """Have the clocks of an incident run on."""
        incident = await self._operations.resume(wire.read_resumption(request, current_account()))
        return pb.ResumeClocksResponse(incident=incident_message(incident))

    async def ListDeadlines(
        self, request: pb.ListDeadlinesRequest, context: Context
    ) -> pb.ListDeadlinesResponse:
        """Tell the deadlines of an incident, and its pauses."""
        found, now = await self._queries.clocks(read_id(request.incident_id)), self._clock()
        return pb.ListDeadlinesResponse(
            deadlines=[
                deadline_message(one, breached=one.deadline.is_breached(now))
                for one in found.deadlines
            ],
            pauses=[wire.pause_message(one) for one in found.pauses],
        )

    async def ListDueDeadlines(
        self, request: pb.ListDueDeadlinesRequest, context: Context
    ) -> pb.ListDueDeadlinesResponse:
        """Tell what is over or due soon."""
        listing, now = wire.read_due_listing(request), self._clock()
        return wire.due_page(await self._queries.due(listing, now), listing.size, now)

    async def ListPauseReasons(
        self, request: pb.ListPauseReasonsRequest, context: Context
    ) -> pb.ListPauseReasonsResponse:
        """Tell what may pause clocks."""
        day = read_day(request, ward_day(self._clock()))
        found = await self._queries.pause_reasons(day)
        return pb.ListPauseReasonsResponse(
            reasons=[wire.pause_reason_message(one) for one in found]
        )
