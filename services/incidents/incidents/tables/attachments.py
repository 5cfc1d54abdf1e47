"""Photos and files: what is on its way, what is kept, and which types may be. They themselves lie in the store."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from incidents.tables.metadata import metadata, moment, words

attachments = Table(
    "attachments",
    metadata,
    Column("attachment_id", Uuid, primary_key=True),
    # One of both.
    Column("report_id", Uuid, ForeignKey("reports.report_id"), nullable=True),
    Column("incident_id", Uuid, ForeignKey("incidents.incident_id"), nullable=True),
    # Empty where whoever has the receipt added it.
    words("added_by"),
    words("state"),
    Column("file_name_sealed", LargeBinary, nullable=False),
    # As said when the upload began.
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    moment("begun_at"),
    moment("expires_at"),
    # When it began, or its newest part came.
    moment("active_at"),
    # As kept.
    Column("media_type", Text, nullable=True),
    Column("kept_size", BigInteger, nullable=True),
    Column("kept_sha256", LargeBinary, nullable=True),
    moment("kept_at", nullable=True),
    CheckConstraint(
        "(report_id is null) <> (incident_id is null)", name="attachment_has_an_owner"
    ),
    CheckConstraint("state in ('UPLOADING', 'KEPT', 'REFUSED')", name="attachment_state_is_known"),
    CheckConstraint(
        "(state = 'KEPT') = (num_nulls(media_type, kept_size, kept_sha256, kept_at) = 0)",
        name="kept_says_what",
    ),
    Index("attachments_of_report", "report_id"),
    Index("attachments_of_incident", "incident_id"),
)

# The parts that have come, until the upload is completed.
attachment_parts = Table(
    "attachment_parts",
    metadata,
    Column(
        "attachment_id",
        Uuid,
        ForeignKey("attachments.attachment_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
)

# Which types may be kept and how large, by the day that came into force; 0 bytes ends a type. Changed by migrations
# only.
attachment_types = Table(
    "attachment_types",
    metadata,
    Column("media_type", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("most_bytes", Integer, nullable=False),
    words("source"),
)
