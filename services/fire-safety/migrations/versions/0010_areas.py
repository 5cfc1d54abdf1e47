"""The history of detection zones and mutual-aid groups.

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table; nobody rewrites it, its owner included."""
    op.create_table(
        "area_changes",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("area_id", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("entry", postgresql.JSONB, nullable=False),
        sa.CheckConstraint("kind in ('ZONE', 'MUTUAL_AID_GROUP')", name="area_changes_kind"),
        sa.CheckConstraint(
            "action in ('CREATED', 'CHANGED', 'RETIRED')", name="area_changes_action"
        ),
    )
    op.create_index("area_changes_of_area", "area_changes", ["kind", "area_id", "position"])
    op.execute("revoke update, delete on area_changes from fire_safety_app")
    op.execute(
        "create trigger area_changes_are_kept before update or delete or truncate"
        " on area_changes for each statement execute function refuse_change()"
    )
