"""What was decided about broken glass; the queue itself is `break_glass_reviews`."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
)

from residency.tables.metadata import INSTANT, metadata

# Append-only, for the owner of the table as well.
break_glass_decisions = Table(
    "break_glass_decisions",
    metadata,
    Column("decision_id", BigInteger, Identity(always=True), primary_key=True),
    Column("review_id", ForeignKey("break_glass_reviews.review_id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # Account of the data protection officer.
    Column("decided_by", Text, nullable=False),
    Column("decided_at", INSTANT, nullable=False),
    CheckConstraint(
        "verdict in ('JUSTIFIED', 'NOT_JUSTIFIED', 'NEEDS_FOLLOW_UP')",
        name="break_glass_decisions_verdict",
    ),
    Index("break_glass_decisions_of_review", "review_id", "decision_id"),
)
