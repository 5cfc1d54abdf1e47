"""When alarms that were restored signalled again: what comes and goes is counted over restarts.

Revision ID: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Of alarms until now nothing is known of it."""
    times = postgresql.ARRAY(sa.DateTime(timezone=True))
    column = sa.Column("signalled_again_at", times, nullable=False, server_default="{}")
    op.add_column("alarms", column)
