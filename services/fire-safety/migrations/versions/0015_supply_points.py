"""Hydrants and water access beside the fire points, the state of each, and what rescuers need of premises.

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Widen the fire points and premises. What stands is told to others when it is entered again."""
    op.rename_table("fire_points", "supply_points")
    op.alter_column("supply_points", "fire_point_id", new_column_name="supply_point_id")
    for column, default in (
        (sa.Column("kind", sa.Text, nullable=False), "FIRE_POINT"),
        (sa.Column("state", sa.Text, nullable=False), "UNSPECIFIED"),
        (sa.Column("state_note", sa.Text, nullable=False), ""),
        (sa.Column("version", sa.BigInteger, nullable=False), "0"),
    ):
        column.server_default = sa.DefaultClause(default)
        op.add_column("supply_points", column)
        op.alter_column("supply_points", column.name, server_default=None)
    op.add_column("supply_points", sa.Column("state_as_of", sa.Date))
    op.execute("update supply_points set state_as_of = last_inspected_on")
    op.alter_column("supply_points", "state_as_of", nullable=False)
    op.execute("create sequence mutual_aid_group_versions")
    op.execute("grant usage on sequence mutual_aid_group_versions to fire_safety_app")
    op.add_column(
        "mutual_aid_groups",
        sa.Column("version", sa.BigInteger, nullable=False, server_default="0"),
    )
    for name in ("surroundings", "workplace"):
        op.add_column("premises", sa.Column(name, postgresql.JSONB))
    for name in ("last_inspected_on", "inspection_due_on"):
        op.add_column("premises", sa.Column(name, sa.Date))
