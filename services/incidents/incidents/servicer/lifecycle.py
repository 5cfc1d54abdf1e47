"""How incidents move."""

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from incidents.operations.lifecycle import LifecycleOperations
from incidents.operations.reports import ReportOperations
from incidents.queries.lifecycle import LifecycleQueries
from incidents.wire import lifecycle as wire
from incidents.wire.fields import read_id
from incidents.wire.incidents import incident_message
from incidents.wire.reports import read_split
from ward.incidents.v1 import lifecycle_pb2 as pb
from ward.incidents.v1 import lifecycle_pb2_grpc


class LifecycleServicer(lifecycle_pb2_grpc.LifecycleServiceServicer):
    """The methods of `LifecycleService`."""

    service: str = pb.DESCRIPTOR.services_by_name["LifecycleService"].full_name

    def __init__(
        self,
        operations: LifecycleOperations,
        reports: ReportOperations,
        queries: LifecycleQueries,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._reports = reports
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        lifecycle_pb2_grpc.add_LifecycleServiceServicer_to_server(self, server)

    async def TriageIncident(
        self, request: pb.TriageIncidentRequest, context: Context
    ) -> pb.TriageIncidentResponse:
        """Judge an incident."""
        judged = await self._operations.triage(wire.read_triage(request, current_account()))
        return pb.TriageIncidentResponse(incident=incident_message(judged))

    async def DispatchIncident(
        self, request: pb.DispatchIncidentRequest, context: Context
    ) -> pb.DispatchIncidentResponse:
        """Send a unit."""
        asked = wire.read_dispatch(request, current_account())
        incident = await self._operations.dispatch(asked)
        return pb.DispatchIncidentResponse(incident=incident_message(incident))

    async def AdvanceIncident(
        self, request: pb.AdvanceIncidentRequest, context: Context
    ) -> pb.AdvanceIncidentResponse:
        """Note how far the unit is."""
        incident = await self._operations.advance(wire.read_advance(request, current_account()))
        return pb.AdvanceIncidentResponse(incident=incident_message(incident))

    async def ResolveIncident(
        self, request: pb.ResolveIncidentRequest, context: Context
    ) -> pb.ResolveIncidentResponse:
        """Note that the work is done."""
        asked = wire.read_resolution(request, current_account())
        incident = await self._operations.advance(asked)
        return pb.ResolveIncidentResponse(incident=incident_message(incident))

    async def DismissIncident(
        self, request: pb.DismissIncidentRequest, context: Context
    ) -> pb.DismissIncidentResponse:
        """End an incident as a false alarm."""
        incident = await self._operations.advance(wire.read_dismissal(request, current_account()))
        return pb.DismissIncidentResponse(incident=incident_message(incident))

    async def TransferIncident(
        self, request: pb.TransferIncidentRequest, context: Context
    ) -> pb.TransferIncidentResponse:
        """Hand an incident over."""
        asked = wire.read_handover(request, current_account(), self._clock())
        incident = await self._operations.hand_over(asked)
        return pb.TransferIncidentResponse(incident=incident_message(incident))

    async def ListTransfers(
        self, request: pb.ListTransfersRequest, context: Context
    ) -> pb.ListTransfersResponse:
        """Tell to whom an incident was handed over."""
        found = await self._queries.transfers(read_id(request.incident_id))
        return pb.ListTransfersResponse(transfers=[wire.transfer_message(one) for one in found])

    async def ListDuplicateSuggestions(
        self, request: pb.ListDuplicateSuggestionsRequest, context: Context
    ) -> pb.ListDuplicateSuggestionsResponse:
        """Tell what may be the same."""
        incident_id, today = read_id(request.incident_id), ward_day(self._clock())
        found = await self._queries.suggestions(incident_id, today, page_size(request.page_size))
        return pb.ListDuplicateSuggestionsResponse(
            suggestions=[wire.suggestion_message(one) for one in found]
        )

    async def MergeIncident(
        self, request: pb.MergeIncidentRequest, context: Context
    ) -> pb.MergeIncidentResponse:
        """Say that an incident is the same as another."""
        asked = wire.read_merge(request, current_account())
        incident, into = await self._operations.merge(asked)
        return pb.MergeIncidentResponse(
            incident=incident_message(incident), into=incident_message(into)
        )

    async def SeparateIncident(
        self, request: pb.SeparateIncidentRequest, context: Context
    ) -> pb.SeparateIncidentResponse:
        """Take a merge back."""
        incident = await self._operations.separate(
            wire.read_separation(request, current_account())
        )
        return pb.SeparateIncidentResponse(incident=incident_message(incident))

    async def SplitIncident(
        self, request: pb.SplitIncidentRequest, context: Context
    ) -> pb.SplitIncidentResponse:
        """Take reports out of an incident."""
        incident, new = await self._reports.split(read_split(request, current_account()))
        return pb.SplitIncidentResponse(
            incident=incident_message(incident), split_off=incident_message(new)
        )

    async def ReopenIncident(
        self, request: pb.ReopenIncidentRequest, context: Context
    ) -> pb.ReopenIncidentResponse:
        """Open an incident again."""
        incident = await self._operations.reopen(wire.read_reopening(request, current_account()))
        return pb.ReopenIncidentResponse(incident=incident_message(incident))

    async def NoteIncident(
        self, request: pb.NoteIncidentRequest, context: Context
    ) -> pb.NoteIncidentResponse:
        """Add a note."""
        incident = await self._operations.note(wire.read_added_note(request, current_account()))
        return pb.NoteIncidentResponse(incident=incident_message(incident))
