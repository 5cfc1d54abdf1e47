"""Service requests for everybody."""

from datetime import timedelta

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_identity
from chassis.rpc.servicer import Context
from incidents.operations.reports import ReportOperations
from incidents.queries.service_requests import ServiceRequestQueries
from incidents.wire import service_requests as wire
from incidents.wire.reports import receipt_message
from ward.incidents.v1 import service_requests_pb2 as pb
from ward.incidents.v1 import service_requests_pb2_grpc


class ServiceRequestsServicer(service_requests_pb2_grpc.ServiceRequestsServiceServicer):
    """The methods of `ServiceRequestsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["ServiceRequestsService"].full_name

    def __init__(
        self, operations: ReportOperations, queries: ServiceRequestQueries, clock: Clock
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        service_requests_pb2_grpc.add_ServiceRequestsServiceServicer_to_server(self, server)

    async def ListPublicServices(
        self, request: pb.ListPublicServicesRequest, context: Context
    ) -> pb.ListPublicServicesResponse:
        """Tell the services in force today."""
        services = await self._queries.services(ward_day(self._clock()))
        return pb.ListPublicServicesResponse(services=map(wire.service_message, services))

    async def SubmitServiceRequest(
        self, request: pb.SubmitServiceRequestRequest, context: Context
    ) -> pb.SubmitServiceRequestResponse:
        """Take a request in, if its service is offered."""
        now = self._clock()
        service = await self._queries.service(request.service_code, ward_day(now))
        wanted = wire.read_service_request(request, service, current_identity(), now)
        receipt = await self._operations.receive(wanted)
        return pb.SubmitServiceRequestResponse(receipt=receipt_message(receipt))

    async def ListServiceRequests(
        self, request: pb.ListServiceRequestsRequest, context: Context
    ) -> pb.ListServiceRequestsResponse:
        """Tell a page of requests."""
        now = self._clock()
        longest = timedelta(days=await self._queries.longest_span(ward_day(now)))
        listing = wire.read_listing(request, now, longest)
        found = await self._queries.page(listing, ward_day(now))
        return wire.page_message(found, listing.size)
