"""After-action reviews and their actions: stored, ended and reminded of under the lock of their incident."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, update

from chassis.storage.database import Transaction
from incidents.domain.reviews.after_action_reviews import (
    AfterActionReview,
    AfterActionReviewNotFoundError,
    ReviewAction,
    ReviewActionNotFoundError,
    ReviewActionState,
)
from incidents.tables import TO_REMIND, after_action_reviews, review_actions

_reviews, _actions = after_action_reviews.c, review_actions.c


async def add_review(tx: Transaction, review: AfterActionReview) -> None:
    """Store a revision."""
    await tx.execute(insert(after_action_reviews).values(**vars(review)))


async def newest_review(tx: Transaction, incident_id: UUID) -> AfterActionReview | None:
    """Load the newest revision, if there is one."""
    wanted = _revisions(incident_id).order_by(_reviews.revision.desc()).limit(1)
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else _review_of(row)


async def load_review(tx: Transaction, incident_id: UUID) -> AfterActionReview:
    """Load the newest revision; raises AfterActionReviewNotFoundError."""
    review = await newest_review(tx, incident_id)
    if review is None:
        raise AfterActionReviewNotFoundError
    return review


async def load_review_revision(
    tx: Transaction, incident_id: UUID, revision: int
) -> AfterActionReview:
    """Load a revision that is there."""
    wanted = _revisions(incident_id).where(_reviews.revision == revision)
    return _review_of((await tx.execute(wanted)).one())


async def add_action(tx: Transaction, action: ReviewAction) -> None:
    """Store an action."""
    await tx.execute(insert(review_actions).values(**vars(action)))


async def load_action(tx: Transaction, action_id: UUID) -> ReviewAction:
    """Load an action; raises ReviewActionNotFoundError. Who changes it holds the lock of its incident."""
    found = await tx.execute(select(review_actions).where(_actions.action_id == action_id))
    row = found.one_or_none()
    if row is None:
        raise ReviewActionNotFoundError
    return action_of(row)


async def save_action(tx: Transaction, action: ReviewAction) -> None:
    """Store what became of an action."""
    await tx.execute(
        update(review_actions)
        .where(_actions.action_id == action.action_id)
        .values(
            state=action.state,
            result=action.result,
            ended_by=action.ended_by,
            ended_at=action.ended_at,
            remind_at=action.remind_at,
        )
    )


async def next_to_remind(tx: Transaction, now: datetime) -> ReviewAction | None:
    """Find an action of which it is time to tell that it is due; another instance may find it too."""
    found = await tx.execute(
        select(review_actions)
        .where(TO_REMIND, _actions.remind_at <= now)
        .order_by(_actions.remind_at)
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else action_of(row)


def action_of(row: Row[Any]) -> ReviewAction:
    """Read an action."""
    columns = {column.name: getattr(row, column.name) for column in review_actions.columns}
    return ReviewAction(**{**columns, "state": ReviewActionState(row.state)})


def _revisions(incident_id: UUID) -> Select[Any]:
    return select(after_action_reviews).where(_reviews.incident_id == incident_id)


def _review_of(row: Row[Any]) -> AfterActionReview:
    columns = {column.name: getattr(row, column.name) for column in after_action_reviews.columns}
    return AfterActionReview(**{**columns, "participants": tuple(row.participants)})
