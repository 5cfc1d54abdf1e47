"""Reviews of broken glass as they are read and written."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rpc import pages
from chassis.rules import Rule
from residency.domain.protection.reviews import (
    Review,
    ReviewDecision,
    ReviewFilter,
    ReviewNotFoundError,
    ReviewPosition,
    ReviewVerdict,
)
from residency.wire import fields
from residency.wire.fields import ONE_OF_THE_VERDICTS
from ward.residency.v1 import reviews_pb2 as pb

_VERDICTS = {pb.ReviewVerdict.Value(f"REVIEW_VERDICT_{one}"): one for one in ReviewVerdict}
_MAX_ACCOUNT = 200


def review_id(text: str) -> UUID:
    """Read a review's id; what is no id is the id of no review."""
    return fields.uuid(text, ReviewNotFoundError())


def verdict(request: pb.DecideReviewRequest) -> ReviewVerdict:
    """Read what was found; raises FieldInvalidError."""
    found = _VERDICTS.get(request.verdict)
    if found is None:
        raise FieldInvalidError("verdict", ONE_OF_THE_VERDICTS)
    return found


def review_filter(request: pb.ListReviewsRequest) -> ReviewFilter:
    """Read which reviews to list; raises FieldInvalidError."""
    if len(request.officer) > _MAX_ACCOUNT:
        raise FieldInvalidError(
            "officer",
            Rule("một tài khoản, hoặc để trống để lấy tất cả", "an account, or empty for all"),
        )
    return ReviewFilter(
        pending=request.pending_only, overdue=request.overdue_only, officer=request.officer
    )


def reviews_after(token: str) -> ReviewPosition | None:
    """Read where a page begins; None for the first page."""
    key = fields.page_position(token)
    return ReviewPosition(*key) if key else None


def reviews_page(found: Sequence[Review], size: int, now: datetime) -> pb.ListReviewsResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    return pb.ListReviewsResponse(
        reviews=[review(one, now) for one in found[:size]],
        next_page_token=_token(found[size - 1]) if len(found) > size else "",
    )


def review(found: Review, now: datetime) -> pb.Review:
    """Write a review as it stands now."""
    broken = found.broken
    return pb.Review(
        review_id=str(broken.review_id),
        incident_id=broken.incident_id,
        incident_number=broken.incident_number,
        building_id=str(broken.building_id),
        officer=broken.officer,
        reason=broken.reason,
        opened_at=fields.timestamp(broken.opened_at),
        expires_at=fields.timestamp(broken.expires_at),
        due_at=fields.timestamp(broken.due_at),
        pending=found.is_pending,
        overdue=found.is_overdue(now),
        decisions=[_decision(one) for one in found.decisions],
    )


def _decision(made: ReviewDecision) -> pb.ReviewDecision:
    return pb.ReviewDecision(
        verdict=pb.ReviewVerdict.Value(f"REVIEW_VERDICT_{made.verdict}"),
        reason=made.reason,
        decided_by=made.decided_by,
        decided_at=fields.timestamp(made.decided_at),
    )


def _token(last: Review) -> str:
    return pages.encode(last.broken.opened_at.isoformat(), str(last.broken.review_id))
