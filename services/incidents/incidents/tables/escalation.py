"""Who was told, who is told next, and by which ladder."""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.tables.metadata import incident_id, metadata, moment, words

PENDING = text("escalations.taken_at is null and escalations.cancelled_at is null")

# Append-only, by privilege and by trigger. The primary key tells nobody the same step twice.
notifications = Table(
    "notifications",
    metadata,
    incident_id(primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    moment("sent_at"),
)

# Timers: a row that is neither taken nor cancelled is due at its time, whatever restarts in between.
escalations = Table(
    "escalations",
    metadata,
    incident_id(primary_key=True),
    Column("step", Integer, primary_key=True),
    moment("due_at"),
    Column("recipients", ARRAY(Text), nullable=False),
    words("channel"),
    moment("taken_at", nullable=True),
    moment("cancelled_at", nullable=True),
    CheckConstraint("taken_at is null or cancelled_at is null", name="taken_or_cancelled"),
    Index("escalations_due", "due_at", postgresql_where=PENDING),
    # Who takes a timer changes its incident once.
    Index("one_timer_waits", "incident_id", unique=True, postgresql_where=PENDING),
)

# Versioned data with its source; a later `effective_from` replaces the whole ladder of its kind, category and priority.
# Without a category it holds for all of the kind that have none of their own. A step may tell several.
escalation_policies = Table(
    "escalation_policies",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("priority", Text, primary_key=True),
    Column("effective_from", DateTime(timezone=True), primary_key=True),
    Column("step", Integer, primary_key=True),
    # Order of those whom a step tells, from 1.
    Column("position", Integer, primary_key=True),
    Column("delay_s", Integer, nullable=False),
    words("recipient"),
    words("channel"),
    words("source"),
)
