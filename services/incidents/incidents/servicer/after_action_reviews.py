"""After-action reviews."""

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.rpc.servicer import Context
from incidents.operations.after_action_reviews import AfterActionReviewOperations
from incidents.queries.after_action_reviews import AfterActionReviewQueries
from incidents.wire import after_action_reviews as wire
from incidents.wire.fields import read_id
from ward.incidents.v1 import after_action_reviews_pb2 as pb
from ward.incidents.v1 import after_action_reviews_pb2_grpc


class AfterActionReviewsServicer(after_action_reviews_pb2_grpc.AfterActionReviewsServiceServicer):
    """The methods of `AfterActionReviewsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["AfterActionReviewsService"].full_name

    def __init__(
        self,
        operations: AfterActionReviewOperations,
        queries: AfterActionReviewQueries,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        after_action_reviews_pb2_grpc.add_AfterActionReviewsServiceServicer_to_server(self, server)

    async def WriteAfterActionReview(
        self, request: pb.WriteAfterActionReviewRequest, context: Context
    ) -> pb.WriteAfterActionReviewResponse:
        """Write a review."""
        review = await self._operations.write(wire.read_review(request, current_account()))
        return pb.WriteAfterActionReviewResponse(review=wire.review_message(review))

    async def GetAfterActionReview(
        self, request: pb.GetAfterActionReviewRequest, context: Context
    ) -> pb.GetAfterActionReviewResponse:
        """Tell the review of an incident."""
        now, told = self._clock(), await self._queries.of_incident(read_id(request.incident_id))
        return pb.GetAfterActionReviewResponse(
            review=wire.review_message(told.review),
            actions=[wire.action_message(one, now) for one in told.actions],
        )

    async def AddReviewAction(
        self, request: pb.AddReviewActionRequest, context: Context
    ) -> pb.AddReviewActionResponse:
        """Give an action."""
        now = self._clock()
        asked = wire.read_action(request, current_account(), ward_day(now))
        given = await self._operations.add_action(asked)
        return pb.AddReviewActionResponse(action=wire.action_message(given, now))

    async def EndReviewAction(
        self, request: pb.EndReviewActionRequest, context: Context
    ) -> pb.EndReviewActionResponse:
        """End an action."""
        ended = await self._operations.end_action(wire.read_end(request, current_account()))
        return pb.EndReviewActionResponse(action=wire.action_message(ended, self._clock()))

    async def ListReviewActions(
        self, request: pb.ListReviewActionsRequest, context: Context
    ) -> pb.ListReviewActionsResponse:
        """Tell a page of open actions."""
        now = self._clock()
        page = await self._queries.open_actions(wire.read_listing(request), ward_day(now))
        return pb.ListReviewActionsResponse(
            actions=[wire.action_message(one, now) for one in page.actions],
            next_page_token=wire.page_token(page.actions[-1]) if page.more else "",
        )
