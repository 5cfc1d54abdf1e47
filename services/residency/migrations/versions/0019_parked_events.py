"""Events that the broker refuses are put off, and parked after some tries.

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add how often and why an event was refused, and when it is tried again or was parked."""
    op.add_column("outbox", sa.Column("refusals", sa.Integer, nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("refusal", sa.Text, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("retry_at", sa.DateTime(timezone=True)))
    op.add_column("outbox", sa.Column("parked_at", sa.DateTime(timezone=True)))
