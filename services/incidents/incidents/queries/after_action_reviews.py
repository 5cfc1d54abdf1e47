"""After-action reviews and their actions."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, tuple_

from chassis.storage.database import Database
from incidents.domain.reviews.after_action_reviews import (
    AfterActionReview,
    ReviewAction,
    ReviewActionListing,
)
from incidents.repository.after_action_reviews import action_of, load_review
from incidents.tables import ACTION_OPEN, review_actions

_actions = review_actions.c


@dataclass(frozen=True)
class Reviewed:
    """The review of an incident and its actions, oldest first."""

    review: AfterActionReview
    actions: tuple[ReviewAction, ...]


@dataclass(frozen=True)
class ReviewActionPage:
    """A page of actions, and whether more follow."""

    actions: tuple[ReviewAction, ...]
    more: bool


class AfterActionReviewQueries:
    """Asks for reviews and actions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_incident(self, incident_id: UUID) -> Reviewed:
        """Tell the review of an incident in its newest revision; raises AfterActionReviewNotFoundError."""
        actions = (
            select(review_actions)
            .where(_actions.incident_id == incident_id)
            .order_by(_actions.given_at, _actions.action_id)
        )
        async with self._database.transaction() as tx:
            review = await load_review(tx, incident_id)
            return Reviewed(review, tuple(map(action_of, await tx.execute(actions))))

    async def open_actions(self, listing: ReviewActionListing, today: date) -> ReviewActionPage:
        """Tell a page of open actions, the earliest due first."""
        wanted = (
            select(review_actions)
            .where(ACTION_OPEN)
            .order_by(_actions.due_on, _actions.action_id)
            .limit(listing.size + 1)
        )
        if listing.overdue_only:
            wanted = wanted.where(_actions.due_on < today)
        if listing.owner:
            wanted = wanted.where(_actions.owner == listing.owner)
        if listing.after is not None:
            wanted = wanted.where(
                tuple_(_actions.due_on, _actions.action_id) > tuple_(*listing.after)
            )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(wanted)).all()
        return ReviewActionPage(
            tuple(map(action_of, rows[: listing.size])), more=len(rows) > listing.size
        )
