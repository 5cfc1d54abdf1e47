"""When dwellings were counted, so that those are counted anew that a clock ahead counted.

Revision ID: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Make room for it; of what was counted before it is not known."""
    op.add_column("dwellings", sa.Column("counted_at", sa.DateTime(timezone=True)))
    op.create_index("ix_dwellings_counted_at", "dwellings", ["counted_at"])
