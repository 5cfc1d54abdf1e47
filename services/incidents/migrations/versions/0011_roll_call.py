"""Roll-calls: marks of tags, which belong to an incident and go with it.

Revision ID: 0011
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

APP = "incidents_app"
OWN = "[own] no act says how long a roll-call is kept; to be confirmed by the ward"


def upgrade() -> None:
    """Make the table: a mark is never changed, and forgotten only once its incident has ended."""
    op.create_table(
        "roll_call_marks",
        sa.Column(
            "incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), primary_key=True
        ),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("dwelling_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("marked_by", sa.Text, nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tag ~ '^[0-9a-f]{32}$'", name="tag_names_nobody"),
        sa.CheckConstraint(
            "state in ('FOUND', 'SAFE_ELSEWHERE', 'MISSING')", name="mark_state_is_known"
        ),
    )
    op.execute(f"revoke update, truncate on roll_call_marks from {APP}")
    op.execute(
        "create trigger marks_are_kept before update or truncate on roll_call_marks"
        " for each statement execute function refuse_change()"
    )
    op.execute(
        """
        create function refuse_early_forgetting() returns trigger language plpgsql as $$
        begin
            if exists (
                select from incidents
                where incident_id = old.incident_id and ended_at is null
            ) then
                raise exception 'the roll-call of an open incident is append-only';
            end if;
            return old;
        end
        $$
        """
    )
    op.execute(
        "create trigger marks_outlive_the_incident before delete on roll_call_marks"
        " for each row execute function refuse_early_forgetting()"
    )
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    first = {
        "rule": "roll_call_retention",
        "effective_from": date(2026, 1, 1),
        "value": 30,
        "unit": "days",
        "source": OWN,
    }
    op.bulk_insert(limits, [first])
