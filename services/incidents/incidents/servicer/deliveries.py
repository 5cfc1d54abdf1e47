"""Messages to people off the console."""

from grpc import aio

from chassis.rpc.servicer import Context
from incidents.queries.deliveries import DeliveryQueries
from incidents.wire.deliveries import told_message
from incidents.wire.fields import read_id
from ward.incidents.v1 import deliveries_pb2 as pb
from ward.incidents.v1 import deliveries_pb2_grpc


class DeliveriesServicer(deliveries_pb2_grpc.DeliveriesServiceServicer):
    """The methods of `DeliveriesService`."""

    service: str = pb.DESCRIPTOR.services_by_name["DeliveriesService"].full_name

    def __init__(self, queries: DeliveryQueries) -> None:
        self._queries = queries

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        deliveries_pb2_grpc.add_DeliveriesServiceServicer_to_server(self, server)

    async def ListDeliveries(
        self, request: pb.ListDeliveriesRequest, context: Context
    ) -> pb.ListDeliveriesResponse:
        """Tell the messages of an incident with their attempts."""
        found = await self._queries.of_incident(read_id(request.incident_id))
        return pb.ListDeliveriesResponse(deliveries=[told_message(one) for one in found])
