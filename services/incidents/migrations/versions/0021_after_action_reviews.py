"""After-action reviews of incidents, and what is done about them.

Revision ID: 0021
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"

APP = "incidents_app"
OWN = "[own] the ward's choice; to be confirmed by the ward"


def upgrade() -> None:
    """Make the tables and enter the first terms; revisions of reviews can be added to only."""
    op.create_table(
        "after_action_reviews",
        sa.Column(
            "incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), primary_key=True
        ),
        sa.Column("revision", sa.Integer, primary_key=True),
        _words("happened"),
        _words("went_well"),
        _words("went_badly"),
        sa.Column("participants", postgresql.ARRAY(sa.Text), nullable=False),
        _words("written_by"),
        _time("written_at"),
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on after_action_reviews"
        " for each statement execute function refuse_change()"
    )
    op.execute(f"revoke update, delete on after_action_reviews from {APP}")
    op.create_table(
        "review_actions",
        sa.Column("action_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), nullable=False),
        _words("owner"),
        _words("action"),
        sa.Column("due_on", sa.Date, nullable=False),
        _words("given_by"),
        _time("given_at"),
        _words("state"),
        _words("result"),
        _words("ended_by"),
        _time("ended_at", nullable=True),
        _time("remind_at", nullable=True),
    )
    op.create_check_constraint(
        "action_ended_says_when", "review_actions", "(state = 'OPEN') = (ended_at is null)"
    )
    op.create_index("review_actions_of_incident", "review_actions", ["incident_id", "given_at"])
    op.create_index(
        "review_actions_open",
        "review_actions",
        ["due_on", "action_id"],
        postgresql_where=sa.text("state = 'OPEN'"),
    )
    op.create_index(
        "review_actions_to_remind",
        "review_actions",
        ["remind_at"],
        postgresql_where=sa.text("remind_at is not null"),
    )
    op.execute(f"revoke delete on review_actions from {APP}")
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    op.bulk_insert(
        limits,
        [
            {
                "rule": rule,
                "effective_from": date(2026, 1, 1),
                "value": days,
                "unit": "working_days",
                "source": OWN,
            }
            for rule, days in (("review_actions.term", 10), ("review_actions.remind_before", 2))
        ],
    )


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
