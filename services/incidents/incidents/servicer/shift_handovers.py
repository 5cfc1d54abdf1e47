"""Handing shifts over."""

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_account
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from incidents.operations.shift_handovers import ShiftHandoverOperations
from incidents.queries.shift_handovers import ShiftHandoverQueries
from incidents.wire import shift_handovers as wire
from incidents.wire.fields import page_position
from ward.incidents.v1 import shift_handovers_pb2 as pb
from ward.incidents.v1 import shift_handovers_pb2_grpc


class ShiftHandoversServicer(shift_handovers_pb2_grpc.ShiftHandoversServiceServicer):
    """The methods of `ShiftHandoversService`."""

    service: str = pb.DESCRIPTOR.services_by_name["ShiftHandoversService"].full_name

    def __init__(
        self, operations: ShiftHandoverOperations, queries: ShiftHandoverQueries, clock: Clock
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        shift_handovers_pb2_grpc.add_ShiftHandoversServiceServicer_to_server(self, server)

    async def GetShiftHandoverSheet(
        self, request: pb.GetShiftHandoverSheetRequest, context: Context
    ) -> pb.GetShiftHandoverSheetResponse:
        """Tell the sheet as it would be now."""
        sheet = await self._queries.sheet(self._clock())
        return pb.GetShiftHandoverSheetResponse(sheet=wire.sheet_message(sheet))

    async def HandOverShift(
        self, request: pb.HandOverShiftRequest, context: Context
    ) -> pb.HandOverShiftResponse:
        """Hand a shift over."""
        made = await self._operations.hand_over_shift(
            wire.read_shift_handover(request, current_account())
        )
        return pb.HandOverShiftResponse(shift_handover=wire.shift_handover_message(made))

    async def SignShiftHandover(
        self, request: pb.SignShiftHandoverRequest, context: Context
    ) -> pb.SignShiftHandoverResponse:
        """Take a shift over."""
        signed = await self._operations.sign(wire.read_signature(request, current_account()))
        return pb.SignShiftHandoverResponse(shift_handover=wire.shift_handover_message(signed))

    async def ListShiftHandovers(
        self, request: pb.ListShiftHandoversRequest, context: Context
    ) -> pb.ListShiftHandoversResponse:
        """Tell a page of sheets, newest first."""
        page = await self._queries.page(
            page_size(request.page_size), page_position(request.page_token)
        )
        return pb.ListShiftHandoversResponse(
            shift_handovers=[wire.shift_handover_message(one) for one in page.shift_handovers],
            next_page_token=wire.page_token(page.shift_handovers[-1]) if page.more else "",
        )
