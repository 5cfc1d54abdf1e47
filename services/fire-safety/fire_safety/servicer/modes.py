"""Tests and disablements of devices."""

from grpc import aio

from chassis.clock import Clock
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import digest_of
from fire_safety.operations.modes import ModeOperations
from fire_safety.queries.modes import ModeQueries
from fire_safety.wire import modes as wire
from ward.fire_safety.v1 import modes_pb2 as pb
from ward.fire_safety.v1 import modes_pb2_grpc


class ModesServicer(modes_pb2_grpc.ModesServiceServicer):
    """The methods of `ModesService`."""

    service: str = pb.DESCRIPTOR.services_by_name["ModesService"].full_name

    def __init__(self, operations: ModeOperations, queries: ModeQueries, clock: Clock) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        modes_pb2_grpc.add_ModesServiceServicer_to_server(self, server)

    async def SetDeviceMode(
        self, request: pb.SetDeviceModeRequest, context: Context
    ) -> pb.SetDeviceModeResponse:
        """Put devices under test, or disable them."""
        mode = await self._operations.set(
            wire.wanted(request), request.request_id, digest_of(request)
        )
        return pb.SetDeviceModeResponse(mode=wire.mode(mode))

    async def EndDeviceMode(
        self, request: pb.EndDeviceModeRequest, context: Context
    ) -> pb.EndDeviceModeResponse:
        """End a mode before its time."""
        mode = await self._operations.end(
            wire.ending(request), request.request_id, digest_of(request)
        )
        return pb.EndDeviceModeResponse(mode=wire.mode(mode))

    async def ListDeviceModes(
        self, request: pb.ListDeviceModesRequest, context: Context
    ) -> pb.ListDeviceModesResponse:
        """Answer a page of modes."""
        chosen, size = wire.mode_filter(request), page_size(request.page_size)
        after = wire.modes_after(request.page_token)
        found = await self._queries.list_modes(chosen, after, size + 1, self._clock())
        return wire.modes_page(found, size)

    async def ListSuppressedSignals(
        self, request: pb.ListSuppressedSignalsRequest, context: Context
    ) -> pb.ListSuppressedSignalsResponse:
        """Answer a page of suppressed signals."""
        chosen, size = wire.signal_filter(request), page_size(request.page_size)
        after = wire.signals_after(request.page_token)
        found = await self._queries.list_signals(chosen, after, size + 1)
        return wire.signals_page(found, size)
