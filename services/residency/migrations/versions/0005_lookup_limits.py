"""How much callers may look up.

Revision ID: 0005
Revises: 0004
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_SOURCE = (
    "no law says a number [own]: what one officer or one system can need; the ward confirms it"
)
# Pattern, role, window in seconds, most.
_LIMITS = [
    ("CALLS", "*", 60, 60),
    ("CALLS", "service", 60, 6_000),
    ("PERSONS", "*", 86_400, 300),
    ("PERSONS", "service", 86_400, 20_000),
    ("MISSES", "*", 3_600, 20),
    ("MISSES", "service", 3_600, 200),
    ("SEQUENCES", "*", 3_600, 5),
    ("SEQUENCES", "service", 3_600, 20),
]


def upgrade() -> None:
    """Make the tables and the first limits."""
    limits = op.create_table(
        "lookup_limits",
        sa.Column("pattern", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("window_s", sa.Integer, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.CheckConstraint("window_s > 0 and most > 0", name="lookup_limits_positive"),
    )
    op.bulk_insert(
        limits,
        [
            {
                "pattern": pattern,
                "role": role,
                "effective_from": dt.date(2026, 1, 1),
                "window_s": window_s,
                "most": most,
                "source": _SOURCE,
            }
            for pattern, role, window_s, most in _LIMITS
        ],
    )
    op.execute("revoke insert, update, delete on lookup_limits from residency_app")
    op.create_table(
        "lookup_usage",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("pattern", sa.Text, primary_key=True),
        sa.Column("window_start", sa.DateTime(timezone=True), primary_key=True, index=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
