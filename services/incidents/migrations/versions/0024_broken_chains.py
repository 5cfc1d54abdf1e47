"""Where the chain of access records was found not to hold is noted, so that it can be told.

Revision ID: 0024
"""

from alembic import op

from chassis.account import access_schema

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Allow the mark."""
    op.execute(access_schema.MARK_BROKEN)
