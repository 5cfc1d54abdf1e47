"""Supply points and the state they are in."""

from grpc import aio

from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import digest_of
from fire_safety.operations.supply_points import SupplyPointOperations
from fire_safety.queries.supply_points import SupplyPointQueries
from fire_safety.wire import supply_points as wire
from ward.fire_safety.v1 import supply_points_pb2 as pb
from ward.fire_safety.v1 import supply_points_pb2_grpc


class SupplyPointsServicer(supply_points_pb2_grpc.SupplyPointsServiceServicer):
    """The methods of `SupplyPointsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["SupplyPointsService"].full_name

    def __init__(
        self, operations: SupplyPointOperations, queries: SupplyPointQueries, ward_code: str
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._ward_code = ward_code

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        supply_points_pb2_grpc.add_SupplyPointsServiceServicer_to_server(self, server)

    async def ListSupplyPoints(
        self, request: pb.ListSupplyPointsRequest, context: Context
    ) -> pb.ListSupplyPointsResponse:
        """Answer a page of supply points."""
        (group, kind), size = wire.listed(request), page_size(request.page_size)
        after = wire.page_after(request.page_token)
        found = await self._queries.list_supply_points(group, kind, after, size + 1)
        return wire.supply_points_page(self._ward_code, found, size)

    async def SetSupplyPointState(
        self, request: pb.SetSupplyPointStateRequest, context: Context
    ) -> pb.SetSupplyPointStateResponse:
        """Note in which state somebody found a supply point."""
        supply_point_id, state, note = wire.found_state(request)
        point = await self._operations.set_state(
            supply_point_id, state, note, request.request_id, digest_of(request)
        )
        return pb.SetSupplyPointStateResponse(
            supply_point=wire.supply_point(self._ward_code, point)
        )
