"""Events that overtake others on their way out: those of what endangers life.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; what waits now waits as before."""
    op.add_column(
        "outbox", sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false())
    )
