"""Open incidents, as their events tell them, and names that were disclosed for them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Table,
    Text,
    Uuid,
    false,
    text,
)

from residency.tables.metadata import INSTANT, metadata

# Newest version only.
incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("premises_id", Text, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
)

# Newest version only. Null where the premises are in no building of the register.
premises_places = Table(
    "premises_places",
    metadata,
    Column("premises_id", Text, primary_key=True),
    Column("building_id", Uuid),
    Column("lodging", Boolean, nullable=False, server_default=false()),
    Column("version", BigInteger, nullable=False),
)

# The queue of reviews. What was done is never changed; of a row only its review can be recorded.
break_glass_reviews = Table(
    "break_glass_reviews",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("incident_id", Text, nullable=False),
    Column("incident_number", Text, nullable=False),
    Column("building_id", Uuid, nullable=False),
    # Account of the duty officer who asked.
    Column("officer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    # By when it is to be reviewed.
    Column("due_at", INSTANT, nullable=False),
    Column("reviewed_at", INSTANT),
    # Account of the data protection officer.
    Column("reviewed_by", Text),
    Column("verdict", Text),
    CheckConstraint("opened_at < expires_at", name="break_glass_reviews_expiry"),
    CheckConstraint(
        "verdict in ('JUSTIFIED', 'NOT_JUSTIFIED')", name="break_glass_reviews_verdict"
    ),
    CheckConstraint(
        "num_nulls(reviewed_at, reviewed_by, verdict) in (0, 3)", name="break_glass_reviews_review"
    ),
    # Nobody breaks the glass again before the last time was reviewed, whichever replica is asked.
    Index(
        "break_glass_reviews_one_pending",
        "officer",
        unique=True,
        postgresql_where=text("reviewed_at is null"),
    ),
)
