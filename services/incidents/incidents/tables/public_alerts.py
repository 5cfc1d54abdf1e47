"""Messages of public warnings and their numbers. Append-only, by privilege and by trigger."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from incidents.tables.metadata import metadata, moment, words

public_alerts = Table(
    "public_alerts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    words("number"),
    words("ward_code"),
    words("sender"),
    words("sender_name"),
    words("message_type"),
    Column("exercise", Boolean, nullable=False),
    moment("sent_at"),
    moment("expires_at"),
    # The first message of the warning, itself for a first one.
    Column("first_id", Uuid, nullable=False),
    # The message before it; no message has two after it.
    Column("replaces", Uuid, ForeignKey("public_alerts.alert_id"), nullable=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=True),
    words("issued_by"),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("ward_code", "number", name="alert_number_is_unique"),
    UniqueConstraint("replaces", name="alert_is_replaced_once"),
    Index("alerts_in_force", "expires_at"),
    Index("alerts_of_one_warning", "first_id", "sent_at"),
)

alert_numbers = Table(
    "alert_numbers",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
