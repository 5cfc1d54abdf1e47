"""Webhooks, their secrets sealed, and what is on its way to them."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.tables.metadata import metadata, moment, words

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", Uuid, primary_key=True),
    words("url"),
    # Names of events; none is all.
    Column("events", ARRAY(Text), nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    moment("created_at"),
    words("created_by"),
    moment("removed_at", nullable=True),
    Column("removed_by", Text, nullable=True),
)

WAITING = text("due_at is not null")

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    Column("webhook_id", Uuid, ForeignKey("webhooks.webhook_id"), nullable=False),
    Column("event_id", Uuid, nullable=False),
    words("event"),
    Column("content", LargeBinary, nullable=False),
    moment("created_at"),
    # Null once it arrived or was given up.
    moment("due_at", nullable=True),
    Column("attempts", Integer, nullable=False),
    # Why the last try failed; empty if none did.
    words("failure"),
    # Null unless it arrived.
    moment("delivered_at", nullable=True),
    # An event is told to nobody twice.
    UniqueConstraint("webhook_id", "event_id", name="event_is_told_once"),
    Index("deliveries_due", "due_at", postgresql_where=WAITING),
)
