"""Detectors that share the work: how far each partition's devices are detected.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Begin anew: what was read under one position for all had no partition yet."""
    op.drop_table("detector_positions")
    op.create_table(
        "detector_positions",
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stream_sequence", sa.BigInteger, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("heard_since", _INSTANT, nullable=False),
    )
    # Rewritten every second: room on the page keeps them off the index.
    op.execute("alter table detector_positions set (fillfactor = 50)")
