"""Roll-calls."""

from grpc import aio

from chassis.context import current_access, current_account, identity
from chassis.rpc.servicer import Context
from incidents.operations.roll_call import RollCallOperations
from incidents.queries.roll_call import RollCallQueries
from incidents.wire import roll_call as wire
from incidents.wire.fields import read_id
from ward.incidents.v1 import roll_call_pb2 as pb
from ward.incidents.v1 import roll_call_pb2_grpc

# Who may break the glass may see who was marked.
_SEES_PERSONS = "duty_officer"


class RollCallServicer(roll_call_pb2_grpc.RollCallServiceServicer):
    """The methods of `RollCallService`."""

    service: str = pb.DESCRIPTOR.services_by_name["RollCallService"].full_name

    def __init__(self, operations: RollCallOperations, queries: RollCallQueries) -> None:
        self._operations = operations
        self._queries = queries

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        roll_call_pb2_grpc.add_RollCallServiceServicer_to_server(self, server)

    async def GetRollCall(
        self, request: pb.GetRollCallRequest, context: Context
    ) -> pb.GetRollCallResponse:
        """Tell how far the roll-call is, and account for the look."""
        incident_id = read_id(request.incident_id)
        current_access().subject = f"incident:{incident_id}"
        caller = identity.get()
        with_persons = caller is not None and _SEES_PERSONS in caller.roles
        told = await self._queries.roll_call(incident_id)
        return wire.roll_call_message(told, with_persons=with_persons)

    async def MarkRollCall(
        self, request: pb.MarkRollCallRequest, context: Context
    ) -> pb.MarkRollCallResponse:
        """Add marks, and account for it."""
        asked = wire.read_marking(request, current_account())
        current_access().subject = f"incident:{asked.incident_id}"
        await self._operations.mark(asked)
        return wire.counts_message(await self._queries.roll_call(asked.incident_id))
