"""Reports of people: sealed, each in one incident.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

APP = "incidents_app"


def upgrade() -> None:
    """Make the tables; the service can forget what a report says, never that it was received."""
    instant = sa.DateTime(timezone=True)
    report = sa.Column("report_id", sa.Uuid, primary_key=True)
    op.create_table(
        "reports",
        report,
        _words("number"),
        _words("ward_code"),
        _words("category"),
        _words("channel"),
        sa.Column("received_at", instant, nullable=False),
        _words("received_by"),
        sa.Column("occurred_at", instant),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), nullable=False),
        _words("address"),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("content_sealed", sa.LargeBinary),
        sa.Column("forgotten_at", instant),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("ward_code", "number", name="report_number_is_unique"),
        sa.CheckConstraint(
            "(content_sealed is null) = (forgotten_at is not null)", name="forgotten_says_when"
        ),
        sa.CheckConstraint(
            "(latitude is null) = (longitude is null)", name="report_position_is_whole"
        ),
    )
    op.create_index("reports_newest_first", "reports", ["received_at", "report_id"])
    op.create_index("reports_of_incident", "reports", ["incident_id"])
    op.create_table(
        "report_deadlines",
        _report(),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("due_at", instant, nullable=False),
    )
    op.create_table(
        "road_accidents",
        _report(),
        sa.Column("vehicles", sa.Integer, nullable=False),
        sa.Column("fatalities", sa.Integer, nullable=False),
        sa.Column("injured", sa.Integer, nullable=False),
        sa.Column("damage_vnd", sa.BigInteger, nullable=False),
        _words("road"),
    )
    op.create_table(
        "report_numbers",
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    for table in ("reports", "report_deadlines", "road_accidents", "report_numbers"):
        op.execute(f"revoke delete on {table} from {APP}")


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _report() -> sa.Column:
    return sa.Column("report_id", sa.Uuid, sa.ForeignKey("reports.report_id"), primary_key=True)
