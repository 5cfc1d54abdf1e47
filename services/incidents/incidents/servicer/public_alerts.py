"""Public warnings."""

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_account, current_identity
from chassis.rpc.servicer import Context
from incidents.operations.public_alerts import PublicAlertOperations
from incidents.queries.public_alerts import PublicAlertQueries
from incidents.wire import public_alerts as wire
from incidents.wire.alert_events import alert_message
from ward.incidents.v1 import public_alerts_pb2 as pb
from ward.incidents.v1 import public_alerts_pb2_grpc


class PublicAlertsServicer(public_alerts_pb2_grpc.PublicAlertsServiceServicer):
    """The methods of `PublicAlertsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["PublicAlertsService"].full_name

    def __init__(
        self, operations: PublicAlertOperations, queries: PublicAlertQueries, clock: Clock
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        public_alerts_pb2_grpc.add_PublicAlertsServiceServicer_to_server(self, server)

    async def IssuePublicAlert(
        self, request: pb.IssuePublicAlertRequest, context: Context
    ) -> pb.IssuePublicAlertResponse:
        """Issue a warning."""
        alert = await self._operations.send(wire.read_issue(request, current_account()))
        return pb.IssuePublicAlertResponse(alert=alert_message(alert))

    async def UpdatePublicAlert(
        self, request: pb.UpdatePublicAlertRequest, context: Context
    ) -> pb.UpdatePublicAlertResponse:
        """Replace a warning."""
        alert = await self._operations.send(wire.read_update(request, current_account()))
        return pb.UpdatePublicAlertResponse(alert=alert_message(alert))

    async def CancelPublicAlert(
        self, request: pb.CancelPublicAlertRequest, context: Context
    ) -> pb.CancelPublicAlertResponse:
        """Take a warning back."""
        alert = await self._operations.send(wire.read_cancellation(request, current_account()))
        return pb.CancelPublicAlertResponse(alert=alert_message(alert))

    async def GetPublicAlert(
        self, request: pb.GetPublicAlertRequest, context: Context
    ) -> pb.GetPublicAlertResponse:
        """Tell one message."""
        alert = await self._queries.alert(request.number)
        return pb.GetPublicAlertResponse(alert=wire.told_alert(alert, current_identity()))

    async def ListPublicAlerts(
        self, request: pb.ListPublicAlertsRequest, context: Context
    ) -> pb.ListPublicAlertsResponse:
        """Tell a page of the messages in force."""
        listing = wire.read_listing(request, current_identity(), self._clock())
        return wire.page_message(await self._queries.in_force(listing), listing)
