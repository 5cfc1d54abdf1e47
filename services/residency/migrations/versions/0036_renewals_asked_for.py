"""Whose term a case would renew, so that nobody is told meanwhile that it was not renewed.

Revision ID: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Make room for it; of cases that were handed in before it stays unknown, as their declarations are sealed."""
    op.add_column(
        "cases",
        sa.Column("renews", sa.Uuid, sa.ForeignKey("registrations.registration_id")),
    )
    op.create_index(
        "cases_renewing", "cases", ["renews"], postgresql_where=sa.text("renews is not null")
    )
