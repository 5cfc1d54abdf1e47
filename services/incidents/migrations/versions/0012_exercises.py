"""Exercises are incidents that say so.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Tell exercises from what happened; all incidents so far happened."""
    column = sa.Column("exercise", sa.Boolean, nullable=False, server_default="false")
    op.add_column("incidents", column)
    op.alter_column("incidents", "exercise", server_default=None)
    op.create_check_constraint(
        "exercise_is_a_drill",
        "incidents",
        "not exercise or disposition is null or disposition = 'DRILL'",
    )
