"""The review queue of broken glass."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_

from chassis.storage.database import Database
from residency.domain.protection.reviews import (
    Review,
    ReviewFigures,
    ReviewFilter,
    ReviewNotFoundError,
    ReviewPosition,
)
from residency.repository.reviews import review_columns, review_of
from residency.tables import break_glass_reviews


class ReviewQueries:
    """Asks for reviews."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, review_id: UUID) -> Review:
        """Give a review; raises ReviewNotFoundError."""
        statement = select(*review_columns()).where(break_glass_reviews.c.review_id == review_id)
        async with self._database.transaction() as tx:
            row = (await tx.execute(statement)).mappings().one_or_none()
        if row is None:
            raise ReviewNotFoundError
        return review_of(row)

    async def list_reviews(
        self, chosen: ReviewFilter, after: ReviewPosition | None, size: int, now: datetime
    ) -> list[Review]:
        """Give reviews, oldest first."""
        columns = break_glass_reviews.c
        statement = select(*review_columns()).order_by(columns.opened_at, columns.review_id)
        if chosen.pending or chosen.overdue:
            statement = statement.where(columns.reviewed_at.is_(None))
        if chosen.overdue:
            statement = statement.where(columns.due_at <= now)
        if chosen.officer:
            statement = statement.where(columns.officer == chosen.officer)
        if after:
            place = tuple_(columns.opened_at, columns.review_id)
            statement = statement.where(place > (after.opened_at, after.review_id))
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement.limit(size))).mappings()
            return [review_of(row) for row in rows]

    async def figures(self, now: datetime) -> ReviewFigures:
        """Count what waits."""
        columns = break_glass_reviews.c
        overdue = func.count().filter(columns.due_at <= now)
        statement = select(func.count(), overdue).where(columns.reviewed_at.is_(None))
        async with self._database.transaction() as tx:
            return ReviewFigures(*(await tx.execute(statement)).one())
