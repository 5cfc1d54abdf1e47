"""How long is kept what the ward's canary signals.

Revision ID: 0015
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_WHAT = ("readings", "readings_hourly", "reading_sequences", "system_status")


def upgrade() -> None:
    """Let retention speak of it, and add the first version."""
    listed = ", ".join(f"'{one}'" for one in _WHAT)
    op.drop_constraint("retention_policies_what", "retention_policies")
    op.create_check_constraint(
        "retention_policies_what", "retention_policies", f"what in ({listed})"
    )
    policies = sa.table(
        "retention_policies",
        sa.column("what", sa.Text),
        sa.column("version", sa.Integer),
        sa.column("effective_from", sa.DateTime(timezone=True)),
        sa.column("source", sa.Text),
        sa.column("keep_days", sa.Integer),
    )
    row = {
        "what": "system_status",
        "version": 1,
        "effective_from": datetime(2026, 1, 1, tzinfo=UTC),
        "source": "[own]. A day: how long each took is in the metrics.",
        "keep_days": 1,
    }
    op.bulk_insert(policies, [row])
