"""Reports, what is owed for them, and their numbers. What they say lies sealed."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from incidents.tables.metadata import incident_id, metadata, moment, words

reports = Table(
    "reports",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    words("number"),
    words("ward_code"),
    words("category"),
    words("kind"),
    words("channel"),
    moment("received_at"),
    words("received_by"),
    moment("occurred_at", nullable=True),
    incident_id(),
    words("address"),
    Column("latitude", Double, nullable=True),
    Column("longitude", Double, nullable=True),
    # Null once it is forgotten.
    Column("content_sealed", LargeBinary, nullable=True),
    moment("forgotten_at", nullable=True),
    Column("token_hash", LargeBinary, nullable=False),
    UniqueConstraint("ward_code", "number", name="report_number_is_unique"),
    CheckConstraint(
        "(content_sealed is null) = (forgotten_at is not null)", name="forgotten_says_when"
    ),
    CheckConstraint(
        "forgotten_at is null or (address = '' and latitude is null and occurred_at is null)",
        name="forgotten_says_nothing",
    ),
    CheckConstraint("(latitude is null) = (longitude is null)", name="report_position_is_whole"),
    Index("reports_newest_first", "received_at", "report_id"),
    Index("reports_of_incident", "incident_id"),
)

# Counts only.
road_accidents = Table(
    "road_accidents",
    metadata,
    Column("report_id", Uuid, ForeignKey("reports.report_id"), primary_key=True),
    Column("vehicles", Integer, nullable=False),
    Column("fatalities", Integer, nullable=False),
    Column("injured", Integer, nullable=False),
    Column("damage_vnd", BigInteger, nullable=False),
    words("road"),
)

report_numbers = Table(
    "report_numbers",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
