"""Deciding the reviews of broken glass."""

from dataclasses import dataclass, replace
from uuid import UUID

from chassis.clock import Clock
from chassis.storage.database import Database
from residency.domain.persons.sealing import NumberSeal
from residency.domain.protection.reviews import Review, ReviewDecision, ReviewVerdict
from residency.operations.requests import claim
from residency.repository import reviews as repository


@dataclass(frozen=True)
class ReviewRequest:
    """One request to decide a review, by an account, under an idempotency key with the digest of the content."""

    review_id: UUID
    account: str
    verdict: ReviewVerdict
    reason: str
    request_id: str
    digest: bytes


class ReviewOperations:
    """Decides reviews."""

    def __init__(self, database: Database, clock: Clock, seal: NumberSeal) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal

    async def decide(self, asked: ReviewRequest) -> Review:
        """Decide a review and tell it; a repeat changes nothing.

        Raises ReviewNotFoundError, ReviewOfOwnActError, ReviewAlreadyDecidedError or RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            review = await repository.lock(tx, asked.review_id)
            if await claim(tx, self._seal, asked.request_id, asked.digest, asked.review_id, now):
                return review
            review.check_decidable(asked.account)
            decision = ReviewDecision(asked.verdict, asked.reason, asked.account, now)
            await repository.add_decision(tx, review, decision)
        return replace(review, decisions=(*review.decisions, decision))
