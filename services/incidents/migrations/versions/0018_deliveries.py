"""Messages to people off the console, with every attempt.

Revision ID: 0018
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

APP = "incidents_app"
OWN = "[own] the ward's choice: half of what a P1 waits until the next step; to be confirmed by the ward"


def upgrade() -> None:
    """Make the tables and enter the first rules."""
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), nullable=False),
        _whole("step"),
        _words("recipient"),
        _words("account"),
        _whole("contact"),
        _words("channel"),
        _time("planned_at"),
        _time("due_at"),
        _whole("attempts"),
        _words("state"),
    )
    op.create_index(
        "deliveries_waiting",
        "deliveries",
        ["due_at"],
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_index("deliveries_of_incident", "deliveries", ["incident_id", "step"])
    op.create_table(
        "delivery_attempts",
        sa.Column(
            "delivery_id", sa.Uuid, sa.ForeignKey("deliveries.delivery_id"), primary_key=True
        ),
        sa.Column("attempt", sa.Integer, primary_key=True),
        _time("at"),
        _words("outcome"),
        _words("receipt"),
    )
    policies = op.create_table(
        "delivery_policies",
        sa.Column("effective_from", sa.DateTime(timezone=True), primary_key=True),
        _whole("tries"),
        _whole("backoff_s"),
        _whole("confirm_within_s"),
        _words("source"),
    )
    op.bulk_insert(
        policies,
        [
            {
                "effective_from": datetime(2025, 7, 1, tzinfo=UTC),
                "tries": 5,
                "backoff_s": 5,
                "confirm_within_s": 30,
                "source": OWN,
            }
        ],
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on delivery_attempts"
        " for each statement execute function refuse_change()"
    )
    op.execute(f"revoke update, delete on delivery_attempts from {APP}")
    op.execute(f"revoke delete on deliveries from {APP}")
    op.execute(f"revoke insert, update, delete on delivery_policies from {APP}")


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _whole(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, nullable=False)


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
