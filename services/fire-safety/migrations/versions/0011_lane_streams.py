"""Of which stream the places of both lanes are.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table; a place that is older than it is believed while the stream is as long as that."""
    op.create_table(
        "lane_streams",
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("lane", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("lane in ('detector', 'recorder')", name="lane_streams_lane"),
    )
