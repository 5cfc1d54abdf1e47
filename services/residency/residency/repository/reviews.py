"""Reviews as an operation loads and decides them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, func, insert, select, update

from chassis.storage.database import Transaction
from residency.domain.protection.break_glass import BreakGlass
from residency.domain.protection.reviews import (
    Review,
    ReviewDecision,
    ReviewNotFoundError,
    ReviewVerdict,
)
from residency.tables import break_glass_decisions, break_glass_reviews


async def lock(tx: Transaction, review_id: UUID) -> Review:
    """Load a review and have others who decide it wait; raises ReviewNotFoundError."""
    reviews = break_glass_reviews.c
    locking = select(reviews.review_id).where(reviews.review_id == review_id).with_for_update()
    if (await tx.scalars(locking)).one_or_none() is None:
        raise ReviewNotFoundError
    statement = select(*review_columns()).where(reviews.review_id == review_id)
    return review_of((await tx.execute(statement)).mappings().one())


async def add_decision(tx: Transaction, review: Review, decision: ReviewDecision) -> None:
    """Enter a decision; a final one ends the review."""
    values = {"review_id": review.broken.review_id, **vars(decision)}
    await tx.execute(insert(break_glass_decisions).values(values))
    if decision.verdict.is_final:
        await tx.execute(
            update(break_glass_reviews)
            .where(break_glass_reviews.c.review_id == review.broken.review_id)
            .values(
                reviewed_at=decision.decided_at,
                reviewed_by=decision.decided_by,
                verdict=decision.verdict,
            )
        )


def review_columns() -> Sequence[ColumnElement[Any]]:
    """Name the columns that `review_of` reads: the breaking of the glass, and its decisions, oldest first."""
    broken = (break_glass_reviews.c[name] for name in BreakGlass.__dataclass_fields__)
    decisions = (break_glass_decisions.c[name] for name in ReviewDecision.__dataclass_fields__)
    return (*broken, *map(_gathered, decisions))


def review_of(row: RowMapping) -> Review:
    """Read a review."""
    broken = BreakGlass(**{name: row[name] for name in BreakGlass.__dataclass_fields__})
    decisions = (row[f"decision_{name}"] for name in ReviewDecision.__dataclass_fields__)
    return Review(
        broken=broken,
        decisions=tuple(
            ReviewDecision(ReviewVerdict(verdict), *rest)
            for verdict, *rest in zip(*decisions, strict=True)
        ),
    )


def _gathered(column: ColumnElement[Any]) -> ColumnElement[Any]:
    of_review = break_glass_decisions.c.review_id == break_glass_reviews.c.review_id
    ordered = select(column).where(of_review).order_by(break_glass_decisions.c.decision_id)
    return func.array(ordered.correlate(break_glass_reviews).scalar_subquery()).label(
        f"decision_{column.key}"
    )
