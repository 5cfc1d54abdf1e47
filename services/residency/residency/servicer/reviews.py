"""The review queue of broken glass."""

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_account
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import check_request_id, digest_of
from residency.operations.reviews import ReviewOperations, ReviewRequest
from residency.queries.reviews import ReviewQueries
from residency.wire import fields
from residency.wire import reviews as wire
from ward.residency.v1 import reviews_pb2 as pb
from ward.residency.v1 import reviews_pb2_grpc


class ReviewServicer(reviews_pb2_grpc.ReviewServiceServicer):
    """The methods of `ReviewService`."""

    service: str = pb.DESCRIPTOR.services_by_name["ReviewService"].full_name

    def __init__(self, operations: ReviewOperations, queries: ReviewQueries, clock: Clock) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        reviews_pb2_grpc.add_ReviewServiceServicer_to_server(self, server)

    async def ListReviews(
        self, request: pb.ListReviewsRequest, context: Context
    ) -> pb.ListReviewsResponse:
        """Answer a page of reviews."""
        chosen, size, now = (
            wire.review_filter(request),
            page_size(request.page_size),
            self._clock(),
        )
        after = wire.reviews_after(request.page_token)
        found = await self._queries.list_reviews(chosen, after, size + 1, now)
        return wire.reviews_page(found, size, now)

    async def GetReview(
        self, request: pb.GetReviewRequest, context: Context
    ) -> pb.GetReviewResponse:
        """Answer one review."""
        found = await self._queries.get(wire.review_id(request.review_id))
        return pb.GetReviewResponse(review=wire.review(found, self._clock()))

    async def DecideReview(
        self, request: pb.DecideReviewRequest, context: Context
    ) -> pb.DecideReviewResponse:
        """Decide a review."""
        check_request_id(request.request_id)
        asked = ReviewRequest(
            review_id=wire.review_id(request.review_id),
            account=current_account(),
            verdict=wire.verdict(request),
            reason=fields.written("reason", request.reason),
            request_id=request.request_id,
            digest=digest_of(request),
        )
        decided = await self._operations.decide(asked)
        return pb.DecideReviewResponse(review=wire.review(decided, self._clock()))
