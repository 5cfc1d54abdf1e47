"""Tasks in incidents, and the sheets by which shifts are handed over.

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

APP = "incidents_app"


def upgrade() -> None:
    """Make the tables; sheets and signatures can be added to only."""
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), nullable=False),
        _words("owner"),
        _words("task"),
        _words("accountable"),
        _time("due_at"),
        _words("given_by"),
        _time("given_at"),
        _time("moved_at"),
        _words("state"),
        _words("result"),
    )
    op.create_index("tasks_of_incident", "tasks", ["incident_id", "given_at"])
    op.create_index(
        "tasks_to_do",
        "tasks",
        ["due_at"],
        postgresql_where=sa.text("state not in ('DECLINED', 'DONE')"),
    )
    op.create_table(
        "shift_handovers",
        sa.Column("shift_handover_id", sa.Uuid, primary_key=True),
        _time("at"),
        _words("given_by"),
        _words("notes"),
        sa.Column("sheet", sa.LargeBinary, nullable=False),
    )
    op.create_index("shift_handovers_newest_first", "shift_handovers", ["at", "shift_handover_id"])
    op.create_table(
        "shift_handover_signatures",
        sa.Column(
            "shift_handover_id",
            sa.Uuid,
            sa.ForeignKey("shift_handovers.shift_handover_id"),
            primary_key=True,
        ),
        _words("signed_by"),
        _time("signed_at"),
    )
    op.execute(f"revoke delete on tasks from {APP}")
    for table in ("shift_handovers", "shift_handover_signatures"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )
        op.execute(f"revoke update, delete on {table} from {APP}")


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
