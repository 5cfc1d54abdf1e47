"""Photos and files of reports and incidents.

Revision ID: 0022
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

APP = "incidents_app"
SINCE = date(2026, 1, 1)
TYPES_OWN = "[own] what telephones and offices make, as large as a photo of 24 megapixels; to be confirmed by the ward"
# Size in bytes.
TYPES = {
    "image/jpeg": 10 * 2**20,
    "image/png": 10 * 2**20,
    "image/webp": 10 * 2**20,
    "application/pdf": 10 * 2**20,
}
LIMITS = (
    ("attachments_of_report", 10, "files", "[own] to be confirmed by the ward"),
    ("attachments_of_incident", 100, "files", "[own] to be confirmed by the ward"),
    ("attachment_upload", 24, "hours", "[own] a night without a line, and the day after"),
    (
        "attachment_pixels",
        25_000_000,
        "pixels",
        "[own] photos of telephones as they come by default; decoded they take 75 MB",
    ),
    (
        "attachment_retention",
        24,
        "months",
        "[own] of what belongs to an incident itself, after its end; to be confirmed by the ward",
    ),
)


def upgrade() -> None:
    """Make the tables; types and limits are read by the service and changed by migrations only."""
    op.create_table(
        "attachments",
        sa.Column("attachment_id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("reports.report_id")),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id")),
        _words("added_by"),
        _words("state"),
        sa.Column("file_name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        _time("begun_at"),
        _time("expires_at"),
        sa.Column("media_type", sa.Text),
        sa.Column("kept_size", sa.BigInteger),
        sa.Column("kept_sha256", sa.LargeBinary),
        _time("kept_at", nullable=True),
        sa.CheckConstraint(
            "(report_id is null) <> (incident_id is null)", name="attachment_has_an_owner"
        ),
        sa.CheckConstraint(
            "state in ('UPLOADING', 'KEPT', 'REFUSED')", name="attachment_state_is_known"
        ),
        sa.CheckConstraint(
            "(state = 'KEPT') = (num_nulls(media_type, kept_size, kept_sha256, kept_at) = 0)",
            name="kept_says_what",
        ),
    )
    op.create_index("attachments_of_report", "attachments", ["report_id"])
    op.create_index("attachments_of_incident", "attachments", ["incident_id"])
    op.create_table(
        "attachment_parts",
        sa.Column(
            "attachment_id",
            sa.Uuid,
            sa.ForeignKey("attachments.attachment_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    )
    types = op.create_table(
        "attachment_types",
        sa.Column("media_type", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("most_bytes", sa.Integer, nullable=False),
        _words("source"),
    )
    op.execute(f"revoke insert, update, delete on attachment_types from {APP}")
    op.bulk_insert(
        types,
        [
            {
                "media_type": media_type,
                "effective_from": SINCE,
                "most_bytes": most_bytes,
                "source": TYPES_OWN,
            }
            for media_type, most_bytes in TYPES.items()
        ],
    )
    names = ("rule", "effective_from", "value", "unit", "source")
    limits = sa.table("legal_limits", *(sa.column(name) for name in names))
    op.bulk_insert(
        limits,
        [
            dict(zip(names, (rule, SINCE, value, unit, source), strict=True))
            for rule, value, unit, source in LIMITS
        ],
    )


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
