"""How much one device may have stored.

Revision ID: 0013
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_SOURCE = """\
No standard says how much a detector may send; both figures are [own]. Ten readings a second are ten times what a device
with the shortest interval, one second, sends, and 20,000 at once are a day of a device that kept one every four
seconds. Detection tells the device as RATE_EXCEEDED by the figures of its profile, before anything is left out."""


def upgrade() -> None:
    """Make the table; published versions are never changed."""
    table = op.create_table(
        "recording_limits",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("readings_per_s", sa.Double, nullable=False),
        sa.Column("burst_readings", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "readings_per_s > 0 and burst_readings > 0", name="recording_limits_positive"
        ),
    )
    first = {
        "version": 1,
        "effective_from": datetime(2026, 1, 1, tzinfo=UTC),
        "source": _SOURCE,
        "readings_per_s": 10.0,
        "burst_readings": 20_000,
    }
    op.bulk_insert(table, [first])
    op.execute("revoke insert, update, delete on recording_limits from fire_safety_app")
    op.execute(
        "create trigger recording_limits_are_kept before update or delete or truncate"
        " on recording_limits for each statement execute function refuse_change()"
    )
