"""The register of personal data breaches."""

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_account
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import check_request_id, digest_of
from residency.domain.protection.breaches import Breach
from residency.operations.breaches import BreachOperations
from residency.operations.requests import Moving
from residency.queries.breaches import BreachQueries
from residency.wire import breaches as wire
from residency.wire import fields
from ward.residency.v1 import breaches_pb2 as pb
from ward.residency.v1 import breaches_pb2_grpc

MovingRequest = (
    pb.AssessBreachRequest
    | pb.DismissBreachRequest
    | pb.NotifyAuthorityRequest
    | pb.WaiveNotificationRequest
    | pb.AddMeasureRequest
    | pb.CloseBreachRequest
)


class BreachServicer(breaches_pb2_grpc.BreachServiceServicer):
    """The methods of `BreachService`."""

    service: str = pb.DESCRIPTOR.services_by_name["BreachService"].full_name

    def __init__(self, operations: BreachOperations, queries: BreachQueries, clock: Clock) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        breaches_pb2_grpc.add_BreachServiceServicer_to_server(self, server)

    async def RecordBreach(
        self, request: pb.RecordBreachRequest, context: Context
    ) -> pb.RecordBreachResponse:
        """Record a breach."""
        check_request_id(request.request_id)
        found = await self._operations.record(
            wire.finding(request), current_account(), request.request_id, digest_of(request)
        )
        return pb.RecordBreachResponse(breach=await self._told(found))

    async def AssessBreach(
        self, request: pb.AssessBreachRequest, context: Context
    ) -> pb.AssessBreachResponse:
        """State what is known by now."""
        nature = wire.nature(request.nature)
        moved = await self._operations.assess(_moving(request), nature)
        return pb.AssessBreachResponse(breach=await self._told(moved))

    async def DismissBreach(
        self, request: pb.DismissBreachRequest, context: Context
    ) -> pb.DismissBreachResponse:
        """Find that it was none."""
        reason = fields.written("reason", request.reason)
        moved = await self._operations.dismiss(_moving(request), reason)
        return pb.DismissBreachResponse(breach=await self._told(moved))

    async def NotifyAuthority(
        self, request: pb.NotifyAuthorityRequest, context: Context
    ) -> pb.NotifyAuthorityResponse:
        """Note that the authority was told."""
        notified_at, reference = wire.notification(request)
        moved = await self._operations.notify(_moving(request), notified_at, reference)
        return pb.NotifyAuthorityResponse(breach=await self._told(moved))

    async def WaiveNotification(
        self, request: pb.WaiveNotificationRequest, context: Context
    ) -> pb.WaiveNotificationResponse:
        """Decide not to tell the authority."""
        reason = fields.written("reason", request.reason)
        moved = await self._operations.waive(_moving(request), reason)
        return pb.WaiveNotificationResponse(breach=await self._told(moved))

    async def AddMeasure(
        self, request: pb.AddMeasureRequest, context: Context
    ) -> pb.AddMeasureResponse:
        """Note that something was done against it."""
        measure = fields.written("measure", request.measure)
        moved = await self._operations.take_measure(_moving(request), measure)
        return pb.AddMeasureResponse(breach=await self._told(moved))

    async def CloseBreach(
        self, request: pb.CloseBreachRequest, context: Context
    ) -> pb.CloseBreachResponse:
        """Close it."""
        conclusion = fields.written("conclusion", request.conclusion)
        moved = await self._operations.close(_moving(request), conclusion)
        return pb.CloseBreachResponse(breach=await self._told(moved))

    async def GetBreach(
        self, request: pb.GetBreachRequest, context: Context
    ) -> pb.GetBreachResponse:
        """Answer one breach."""
        now = self._clock()
        found = await self._queries.get(wire.breach_number(request.breach_number))
        return wire.whole_breach(found, await self._queries.term(now), now)

    async def ListBreaches(
        self, request: pb.ListBreachesRequest, context: Context
    ) -> pb.ListBreachesResponse:
        """Answer a page of breaches."""
        chosen, size, now = (
            wire.breach_filter(request),
            page_size(request.page_size),
            self._clock(),
        )
        after = wire.breaches_after(request.page_token)
        term, found = await self._queries.list_breaches(chosen, after, size + 1, now)
        return wire.breaches_page(found, term, size, now)

    async def _told(self, breach: Breach) -> pb.Breach:
        now = self._clock()
        return wire.breach(breach, await self._queries.term(now), now)


def _moving(request: MovingRequest) -> Moving:
    """Read which breach is moved, by whom and under which key."""
    check_request_id(request.request_id)
    return Moving(
        account=current_account(),
        number=wire.breach_number(request.breach_number),
        request_id=request.request_id,
        digest=digest_of(request),
    )
