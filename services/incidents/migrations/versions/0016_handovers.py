"""Offers of incidents to the city's dispatch centre.

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

APP = "incidents_app"


def upgrade() -> None:
    """Make the table; one offer of an incident is pending at a time."""
    instant = sa.DateTime(timezone=True)
    pending = sa.text("due_at is not null")
    op.create_table(
        "handovers",
        sa.Column("handover_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("offered_by", sa.Text, nullable=False),
        sa.Column("offered_at", instant, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("due_at", instant),
        sa.Column("centre_reference", sa.Text, nullable=False),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("unanswered", sa.Integer, nullable=False),
    )
    op.create_index(
        "one_handover_pending", "handovers", ["incident_id"], unique=True, postgresql_where=pending
    )
    op.create_index("handovers_due", "handovers", ["due_at"], postgresql_where=pending)
    op.create_index("handovers_of_incident", "handovers", ["incident_id", "offered_at"])
    op.execute(f"revoke delete on handovers from {APP}")
