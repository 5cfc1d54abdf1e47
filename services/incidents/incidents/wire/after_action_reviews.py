"""After-action reviews: requests, checked field by field, and what is told of them."""

from datetime import date, datetime
from uuid import UUID

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.rules import Rule, at_most
from incidents.domain.reviews.after_action_reviews import (
    AfterActionReview,
    ReviewAction,
    ReviewActionEnd,
    ReviewActionListing,
    ReviewActionNotFoundError,
    ReviewActionState,
    ReviewActionWanted,
    ReviewWanted,
)
from incidents.wire.duty import read_account, read_write
from incidents.wire.fields import (
    WHAT_IS_TO_BE_DONE,
    read_day,
    read_enum,
    read_id,
    read_note,
    read_reason,
    read_task,
)
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import after_action_reviews_pb2 as pb

_PARTICIPANTS_MAX = 50


def read_review(request: pb.WriteAfterActionReviewRequest, account: str) -> ReviewWanted:
    """Read what was learnt; whoever is named twice took part once. Raises FieldInvalidError."""
    participants = dict.fromkeys(read_account("participants", one) for one in request.participants)
    if len(participants) > _PARTICIPANTS_MAX:
        raise FieldInvalidError("participants", at_most(_PARTICIPANTS_MAX))
    return ReviewWanted(
        **read_write(request, account),
        incident_id=read_id(request.incident_id),
        revises=request.revises,
        happened=read_reason(request.happened, "happened"),
        went_well=read_note(request.went_well, "went_well"),
        went_badly=read_note(request.went_badly, "went_badly"),
        participants=tuple(participants),
    )


def read_action(
    request: pb.AddReviewActionRequest, account: str, today: date
) -> ReviewActionWanted:
    """Read who does what by when; raises FieldInvalidError."""
    action = read_task(request.action, "action")
    if not action:
        raise FieldInvalidError("action", WHAT_IS_TO_BE_DONE)
    due_on = read_day("due_on", request.due_on) if request.due_on else None
    if due_on is not None and due_on < today:
        raise FieldInvalidError("due_on", Rule("hôm nay hoặc sau đó", "today or later"))
    return ReviewActionWanted(
        **read_write(request, account),
        incident_id=read_id(request.incident_id),
        owner=read_account("owner", request.owner),
        action=action,
        due_on=due_on,
    )


def read_end(request: pb.EndReviewActionRequest, account: str) -> ReviewActionEnd:
    """Read how an action ended; an id that cannot be ours is not found."""
    state = read_enum("state", pb.ReviewActionState, request.state, ReviewActionState)
    if state is ReviewActionState.OPEN:
        raise FieldInvalidError("state", Rule("đã xong hoặc bỏ", "done or dropped"))
    try:
        action_id = UUID(request.action_id)
    except ValueError as error:
        raise ReviewActionNotFoundError from error
    return ReviewActionEnd(
        **read_write(request, account),
        action_id=action_id,
        state=state,
        result=read_reason(request.result, "result"),
    )


def read_listing(request: pb.ListReviewActionsRequest) -> ReviewActionListing:
    """Read which page of which actions is asked for."""
    owner = request.owner
    return ReviewActionListing(
        overdue_only=request.overdue_only,
        owner=read_account("owner", owner) if owner else "",
        size=pages.page_size(request.page_size),
        after=_position(request.page_token),
    )


def page_token(last: ReviewAction) -> str:
    """Make the token of the page that follows an action."""
    return pages.encode(last.due_on.isoformat(), str(last.action_id))


def review_message(review: AfterActionReview) -> pb.AfterActionReview:
    """Write a revision of a review."""
    return pb.AfterActionReview(
        incident_id=str(review.incident_id),
        revision=review.revision,
        happened=review.happened,
        went_well=review.went_well,
        went_badly=review.went_badly,
        participants=review.participants,
        written_by=review.written_by,
        written_at=timestamp(review.written_at),
    )


def action_message(action: ReviewAction, now: datetime) -> pb.ReviewAction:
    """Write an action as it is at a time."""
    return pb.ReviewAction(
        action_id=str(action.action_id),
        incident_id=str(action.incident_id),
        owner=action.owner,
        action=action.action,
        due_on=action.due_on.isoformat(),
        state=pb.ReviewActionState.Value(f"REVIEW_ACTION_STATE_{action.state}"),
        result=action.result,
        given_by=action.given_by,
        given_at=timestamp(action.given_at),
        ended_by=action.ended_by,
        ended_at=timestamp(action.ended_at),
        overdue=action.overdue(now),
    )


def _position(token: str) -> tuple[date, UUID] | None:
    key = pages.decode(token, 2)
    if key is None:
        return None
    try:
        return date.fromisoformat(key[0]), UUID(key[1])
    except ValueError as error:
        raise PageTokenInvalidError from error
