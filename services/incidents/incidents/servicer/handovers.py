"""Handing incidents over to the city's dispatch centre."""

from grpc import aio

from chassis.context import current_account
from chassis.rpc.servicer import Context
from incidents.operations.handovers import HandoverOperations
from incidents.queries.handovers import HandoverQueries
from incidents.wire import handovers as wire
from incidents.wire.fields import read_id
from ward.incidents.v1 import handovers_pb2 as pb
from ward.incidents.v1 import handovers_pb2_grpc


class HandoversServicer(handovers_pb2_grpc.HandoversServiceServicer):
    """The methods of `HandoversService`."""

    service: str = pb.DESCRIPTOR.services_by_name["HandoversService"].full_name

    def __init__(self, operations: HandoverOperations, queries: HandoverQueries) -> None:
        self._operations = operations
        self._queries = queries

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        handovers_pb2_grpc.add_HandoversServiceServicer_to_server(self, server)

    async def OfferHandover(
        self, request: pb.OfferHandoverRequest, context: Context
    ) -> pb.OfferHandoverResponse:
        """Offer an incident to the centre."""
        handover = await self._operations.offer(wire.read_offer(request, current_account()))
        return pb.OfferHandoverResponse(handover=wire.handover_message(handover))

    async def ListHandovers(
        self, request: pb.ListHandoversRequest, context: Context
    ) -> pb.ListHandoversResponse:
        """Tell the offers of an incident."""
        found = await self._queries.of_incident(read_id(request.incident_id))
        return pb.ListHandoversResponse(handovers=map(wire.handover_message, found))
