"""The review queue: somebody else judges each breaking of the glass, and until then its officer breaks no other."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from nats.aio.client import Client

from chassis.errors import RequestIdReusedError
from chassis.storage.database import Database
from residency.domain.protection.break_glass import BreakGlass, PremisesPlace, ReviewPendingError
from residency.domain.protection.reviews import (
    Review,
    ReviewAlreadyDecidedError,
    ReviewDecision,
    ReviewFilter,
    ReviewNotFoundError,
    ReviewOfOwnActError,
    ReviewPosition,
    ReviewVerdict,
)
from residency.operations.break_glass import BreakGlassOperations
from residency.operations.reviews import ReviewOperations, ReviewRequest
from residency.queries.reviews import ReviewQueries
from tests.residency.conftest import Service
from tests.residency.samples import NOON, PARTICULARS, SEAL, StoppedClock, add_building, relay
from tests.residency.test_break_glass import FIRE, OFFICER, asking, tell_of_fire, wanting
from ward.residency.v1 import reviews_pb2 as pb

pytestmark = pytest.mark.postgres

TERM = timedelta(hours=72)
REASON = "Có cháy thật, nhật ký vụ việc khớp"
DPO = "data_protection_officer"


@dataclass
class Queue:
    """The queue with what fills and empties it."""

    clock: StoppedClock
    glass: BreakGlassOperations
    operations: ReviewOperations
    queries: ReviewQueries

    async def broken(self, account: str = "officer-1") -> BreakGlass:
        """Break the glass."""
        found = await self.glass.disclose(wanting(), replace(OFFICER, account=account))
        return found.broken

    async def decide(self, broken: BreakGlass, **fields: Any) -> Review:
        """Decide a review, as the data protection officer finds it justified unless `fields` says otherwise."""
        asked = ReviewRequest(
            review_id=broken.review_id,
            account="dpo-1",
            verdict=ReviewVerdict.JUSTIFIED,
            reason=REASON,
            request_id=str(uuid4()),
            digest=b"x",
        )
        return await self.operations.decide(replace(asked, **fields))

    async def listed(self, **chosen: Any) -> list[BreakGlass]:
        """List reviews."""
        found = await self.queries.list_reviews(ReviewFilter(**chosen), None, 9, self.clock.now)
        return [one.broken for one in found]


@pytest.fixture
async def queue(database: Database) -> Queue:
    """Have an open incident whose building is known."""
    place = await add_building(database)
    clock = StoppedClock()
    glass = BreakGlassOperations(
        database, relay(database, clock), clock, SEAL, PARTICULARS, "11002"
    )
    await glass.take_premises(uuid4(), PremisesPlace("p-1", place.building_id, 1))
    await glass.take_incident(uuid4(), FIRE)
    operations = ReviewOperations(database, clock, SEAL)
    return Queue(clock, glass, operations, ReviewQueries(database))


@pytest.mark.parametrize("verdict", [ReviewVerdict.JUSTIFIED, ReviewVerdict.NOT_JUSTIFIED])
async def test_a_verdict_lets_the_officer_break_the_glass_again(
    queue: Queue, verdict: ReviewVerdict
) -> None:
    """Whatever it is: what follows from it is for people."""
    first = await queue.broken()
    queue.clock.now += timedelta(hours=2)
    with pytest.raises(ReviewPendingError):
        await queue.broken()
    decided = await queue.decide(first, verdict=verdict)
    second = await queue.broken()

    assert decided.decisions == (ReviewDecision(verdict, REASON, "dpo-1", queue.clock.now),)
    assert await queue.queries.get(first.review_id) == decided
    assert second.review_id != first.review_id


async def test_what_needs_follow_up_is_kept_and_waits_on(queue: Queue) -> None:
    """The officer stays held up until the final verdict; both decisions stay."""
    first = await queue.broken()
    queue.clock.now += timedelta(hours=2)
    await queue.decide(first, verdict=ReviewVerdict.NEEDS_FOLLOW_UP, reason="Chờ tường trình")
    with pytest.raises(ReviewPendingError):
        await queue.broken()
    pending = await queue.listed(pending=True)
    decided = await queue.decide(first)

    assert pending == [first]
    assert [one.verdict for one in decided.decisions] == ["NEEDS_FOLLOW_UP", "JUSTIFIED"]
    assert not decided.is_pending
    await queue.broken()


async def test_nobody_judges_their_own_act_nor_twice_nor_one_that_is_not_there(
    queue: Queue,
) -> None:
    """Also not an officer who is data protection officer as well."""
    first = await queue.broken()
    with pytest.raises(ReviewOfOwnActError):
        await queue.decide(first, account="officer-1")
    with pytest.raises(ReviewNotFoundError):
        await queue.decide(replace(first, review_id=uuid4()))
    await queue.decide(first)
    with pytest.raises(ReviewAlreadyDecidedError):
        await queue.decide(first, account="dpo-2")


async def test_a_repeated_decision_is_one(queue: Queue) -> None:
    """Another content under the same key is refused."""
    first = await queue.broken()
    once = await queue.decide(first, request_id="request-1")
    again = await queue.decide(first, request_id="request-1")
    with pytest.raises(RequestIdReusedError):
        await queue.decide(first, request_id="request-1", digest=b"y")

    assert again == once


async def test_who_waits_too_long_is_listed_and_counted_as_overdue(queue: Queue) -> None:
    """From the moment of the term on; oldest first, by pages, and by officer."""
    first = await queue.broken()
    queue.clock.now += timedelta(minutes=1)
    second = await queue.broken("officer-2")
    queue.clock.now = NOON + TERM - timedelta(seconds=1)
    early = await queue.listed(overdue=True)
    queue.clock.now += timedelta(seconds=1)
    figures = await queue.queries.figures(queue.clock.now)
    position = ReviewPosition(first.opened_at, first.review_id)
    behind = await queue.queries.list_reviews(ReviewFilter(), position, 9, queue.clock.now)

    assert early == []
    assert first.due_at == NOON + TERM
    assert await queue.listed(overdue=True) == [first]
    assert await queue.listed() == [first, second]
    assert await queue.listed(officer="officer-2") == [second]
    assert [one.broken for one in behind] == [second]
    assert (figures.pending, figures.overdue) == (2, 1)


@pytest.mark.nats
async def test_the_queue_over_grpc(service: Service, broker: Client) -> None:
    """Listed by pages, read and decided by the data protection officer alone; refused with the contract's reasons."""
    place = await add_building(service.database)
    await tell_of_fire(service, broker, place.building_id)
    broken = await service.call("DiscloseOccupants", asking(), "duty_officer", "incidents")
    review_id = broken.review_id
    page = await service.call("ListReviews", pb.ListReviewsRequest(page_size=1), DPO)

    def deciding(**fields: Any) -> pb.DecideReviewRequest:
        wanted: dict[str, Any] = {
            "review_id": review_id,
            "request_id": str(uuid4()),
            "verdict": pb.REVIEW_VERDICT_NOT_JUSTIFIED,
            "reason": REASON,
        }
        return pb.DecideReviewRequest(**(wanted | fields))

    refused = [
        (await service.refusal("DecideReview", deciding(), "duty_officer")).reason,
        (await service.refusal("DecideReview", deciding(verdict=0), DPO)).reason,
        (await service.refusal("DecideReview", deciding(reason="999 090 000001"), DPO)).reason,
        (await service.refusal("DecideReview", deciding(review_id="x"), DPO)).reason,
        (await service.refusal("ListReviews", pb.ListReviewsRequest(page_token="x"), DPO)).reason,
    ]
    decided = await service.call("DecideReview", deciding(), DPO)
    read = await service.call("GetReview", pb.GetReviewRequest(review_id=review_id), DPO)
    pending = await service.call("ListReviews", pb.ListReviewsRequest(pending_only=True), DPO)

    assert [one.review_id for one in page.reviews] == [review_id]
    assert (page.reviews[0].pending, page.reviews[0].overdue) == (True, False)
    assert page.reviews[0].officer == "demo-duty-officer"
    assert refused == [
        "ROLE_NOT_ALLOWED",
        "FIELD_INVALID",
        "FIELD_INVALID",
        "REVIEW_NOT_FOUND",
        "PAGE_TOKEN_INVALID",
    ]
    assert read.review == decided.review
    assert decided.review.decisions[0].decided_by == "demo-data-protection-officer"
    assert not pending.reviews
