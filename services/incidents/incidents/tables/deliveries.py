"""Messages that go out, their attempts, and the rules of trying."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Uuid,
    text,
)

from incidents.tables.metadata import incident_id, metadata, moment, words

DUE = text("deliveries.state = 'WAITING'")

# About a step of the incident's ladder, or a task or an action of it, whose id `subject_id` is.
# To an officer by account, or to one of the premises' contacts by place in their list; no address is copied here.
deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    incident_id(),
    words("subject"),
    Column("subject_id", Uuid),
    Column("step", Integer, nullable=False),
    words("recipient"),
    words("account"),
    Column("contact", Integer, nullable=False),
    words("channel"),
    moment("planned_at"),
    moment("due_at"),
    Column("attempts", Integer, nullable=False),
    words("state"),
    CheckConstraint(
        "(subject = 'INCIDENT') = (subject_id is null)", name="deliveries_say_of_what"
    ),
    Index("deliveries_waiting", "due_at", postgresql_where=DUE),
    Index("deliveries_of_incident", "incident_id", "step"),
)

# Append-only, by privilege and by trigger.
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_id", Uuid, ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    moment("at"),
    words("outcome"),
    words("receipt"),
)

# Versioned data with its source; changed by migrations only.
delivery_policies = Table(
    "delivery_policies",
    metadata,
    Column("effective_from", DateTime(timezone=True), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("backoff_s", Integer, nullable=False),
    Column("confirm_within_s", Integer, nullable=False),
    # Minutes of the ward's day, from midnight.
    Column("remind_from_min", Integer, nullable=False),
    words("source"),
)
