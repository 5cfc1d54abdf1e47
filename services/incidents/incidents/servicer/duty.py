"""The roster."""

import asyncio

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_account
from chassis.rpc.servicer import Context
from incidents.operations.duty import DutyOperations
from incidents.queries.duty import DutyQueries
from incidents.wire import duty as wire
from ward.incidents.v1 import duty_pb2 as pb
from ward.incidents.v1 import duty_pb2_grpc


class DutyServicer(duty_pb2_grpc.DutyServiceServicer):
    """The methods of `DutyService`."""

    service: str = pb.DESCRIPTOR.services_by_name["DutyService"].full_name

    def __init__(self, operations: DutyOperations, queries: DutyQueries, clock: Clock) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        duty_pb2_grpc.add_DutyServiceServicer_to_server(self, server)

    async def SetUnit(self, request: pb.SetUnitRequest, context: Context) -> pb.SetUnitResponse:
        """Enter a unit."""
        await self._operations.set_unit(wire.read_unit(request, current_account()))
        return pb.SetUnitResponse()

    async def SetOfficer(
        self, request: pb.SetOfficerRequest, context: Context
    ) -> pb.SetOfficerResponse:
        """Enter an officer."""
        await self._operations.set_officer(wire.read_officer(request, current_account()))
        return pb.SetOfficerResponse()

    async def ListUnits(
        self, request: pb.ListUnitsRequest, context: Context
    ) -> pb.ListUnitsResponse:
        """Tell the units with their officers."""
        units = await self._queries.units()
        return pb.ListUnitsResponse(units=[wire.unit_message(*one) for one in units])

    async def SetShift(self, request: pb.SetShiftRequest, context: Context) -> pb.SetShiftResponse:
        """Enter a shift."""
        await self._operations.set_shift(wire.read_shift(request, current_account()))
        return pb.SetShiftResponse()

    async def ListShifts(
        self, request: pb.ListShiftsRequest, context: Context
    ) -> pb.ListShiftsResponse:
        """Tell the shifts."""
        shifts = await self._queries.shifts()
        return pb.ListShiftsResponse(shifts=[wire.shift_message(one) for one in shifts])

    async def EnterDuty(
        self, request: pb.EnterDutyRequest, context: Context
    ) -> pb.EnterDutyResponse:
        """Enter a duty."""
        entered = await self._operations.enter_duty(wire.read_duty(request, current_account()))
        return pb.EnterDutyResponse(duty_id=str(entered))

    async def WithdrawDuty(
        self, request: pb.WithdrawDutyRequest, context: Context
    ) -> pb.WithdrawDutyResponse:
        """Take a duty out."""
        await self._operations.withdraw_duty(wire.read_withdrawal(request, current_account()))
        return pb.WithdrawDutyResponse()

    async def ImportRoster(
        self, request: pb.ImportRosterRequest, context: Context
    ) -> pb.ImportRosterResponse:
        """Enter a table of duties."""
        # In a thread: a large workbook must not hold up calls and timers.
        asked = await asyncio.to_thread(wire.read_roster_table, request, current_account())
        return wire.imported_message(await self._operations.import_roster(asked))

    async def EnterSubstitution(
        self, request: pb.EnterSubstitutionRequest, context: Context
    ) -> pb.EnterSubstitutionResponse:
        """Enter a substitution."""
        asked = wire.read_substitution(request, current_account())
        entered = await self._operations.enter_substitution(asked)
        return pb.EnterSubstitutionResponse(substitution_id=str(entered))

    async def GetDuty(self, request: pb.GetDutyRequest, context: Context) -> pb.GetDutyResponse:
        """Tell who is on duty at a time."""
        found = await self._queries.duty_at(wire.read_at(request, self._clock()))
        return pb.GetDutyResponse(
            on_duty=[wire.on_duty_message(one, found.units[one.account]) for one in found.on_duty],
            executive_stands_in=found.executive_stands_in,
        )

    async def ListDutyGaps(
        self, request: pb.ListDutyGapsRequest, context: Context
    ) -> pb.ListDutyGapsResponse:
        """Tell when too few are on duty ahead."""
        begins_at, ends_at = wire.read_period(request, self._clock())
        gaps = await self._queries.gaps(begins_at, ends_at)
        return pb.ListDutyGapsResponse(gaps=[wire.gap_message(one) for one in gaps])
