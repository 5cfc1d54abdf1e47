"""Public warnings: messages that are never changed, and how long one may count.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

APP = "incidents_app"


def upgrade() -> None:
    """Make the tables and state the limit."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "public_alerts",
        sa.Column("alert_id", sa.Uuid, primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("number", "ward_code", "sender", "sender_name", "message_type")
        ),
        sa.Column("exercise", sa.Boolean, nullable=False),
        sa.Column("sent_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("first_id", sa.Uuid, nullable=False),
        sa.Column("replaces", sa.Uuid, sa.ForeignKey("public_alerts.alert_id")),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id")),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("ward_code", "number", name="alert_number_is_unique"),
        sa.UniqueConstraint("replaces", name="alert_is_replaced_once"),
    )
    op.create_index("alerts_in_force", "public_alerts", ["expires_at"])
    op.create_index("alerts_of_one_warning", "public_alerts", ["first_id", "sent_at"])
    op.create_table(
        "alert_numbers",
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on public_alerts"
        " for each statement execute function refuse_change()"
    )
    op.execute(f"revoke update, delete on public_alerts from {APP}")
    op.execute(f"revoke delete on alert_numbers from {APP}")
    op.execute(
        "insert into legal_limits (rule, effective_from, value, unit, source) values ("
        "'public_alerts.longest', '2026-01-01', 72, 'hours',"
        " '[own] the ward''s choice, to be confirmed by the ward')"
    )
