"""How far the recorder has come, kept where the readings are.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table; what the broker still has is read again, and changes nothing."""
    op.create_table(
        "recorder_positions",
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("stream_sequence", sa.BigInteger, nullable=False),
    )
    # Rewritten several times a second: room on the page keeps it off the index.
    op.execute("alter table recorder_positions set (fillfactor = 50)")
