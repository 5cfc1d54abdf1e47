"""Where the chain of access records was found not to hold is noted, so that it can be told.

Revision ID: 0028
"""

from alembic import op

from chassis.account import access_schema

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Allow the mark."""
    op.execute(access_schema.MARK_BROKEN)
