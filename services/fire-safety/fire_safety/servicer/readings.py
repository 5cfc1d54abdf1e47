"""Readings."""

from grpc import aio

from chassis.clock import Clock
from chassis.rpc.servicer import Context
from fire_safety.queries.readings import ReadingQueries
from fire_safety.wire import readings as wire
from ward.fire_safety.v1 import readings_service_pb2 as pb
from ward.fire_safety.v1 import readings_service_pb2_grpc


class ReadingsServicer(readings_service_pb2_grpc.ReadingsServiceServicer):
    """The methods of `ReadingsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["ReadingsService"].full_name

    def __init__(self, queries: ReadingQueries, clock: Clock) -> None:
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        readings_service_pb2_grpc.add_ReadingsServiceServicer_to_server(self, server)

    async def QueryReadings(
        self, request: pb.QueryReadingsRequest, context: Context
    ) -> pb.QueryReadingsResponse:
        """Answer what a device measured."""
        found = await self._queries.chart(wire.chart_request(request), self._clock())
        return wire.chart(found)
