"""Open incidents, and names that were disclosed for them.

Revision ID: 0003
Revises: 0002
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables and the limit."""
    _projections()
    _reviews()
    limits = sa.table(
        "legal_limits",
        sa.column("rule", sa.Text),
        sa.column("effective_from", sa.Date),
        sa.column("value", sa.Integer),
        sa.column("unit", sa.Text),
        sa.column("source", sa.Text),
    )
    op.bulk_insert(
        limits,
        [
            {
                "rule": "break_glass_duration",
                "effective_from": dt.date(2026, 1, 1),
                "value": 60,
                "unit": "minutes",
                "source": "the length of an intervention; no law says it [own], the ward confirms it",
            }
        ],
    )


def _projections() -> None:
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("received_at", _INSTANT, nullable=False, index=True),
    )
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("premises_id", sa.Text, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "premises_places",
        sa.Column("premises_id", sa.Text, primary_key=True),
        sa.Column("building_id", sa.Uuid),
        sa.Column("version", sa.BigInteger, nullable=False),
    )


def _reviews() -> None:
    op.create_table(
        "break_glass_reviews",
        sa.Column("review_id", sa.Uuid, primary_key=True),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("incident_number", sa.Text, nullable=False),
        sa.Column("building_id", sa.Uuid, nullable=False),
        sa.Column("officer", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("reviewed_at", _INSTANT),
        sa.Column("reviewed_by", sa.Text),
        sa.Column("verdict", sa.Text),
        sa.CheckConstraint("opened_at < expires_at", name="break_glass_reviews_expiry"),
        sa.CheckConstraint(
            "verdict in ('JUSTIFIED', 'NOT_JUSTIFIED')", name="break_glass_reviews_verdict"
        ),
        sa.CheckConstraint(
            "num_nulls(reviewed_at, reviewed_by, verdict) in (0, 3)",
            name="break_glass_reviews_review",
        ),
    )
    op.create_index(
        "break_glass_reviews_one_pending",
        "break_glass_reviews",
        ["officer"],
        unique=True,
        postgresql_where=sa.text("reviewed_at is null"),
    )
    # What was done stays; of it only the review can be recorded.
    op.execute("revoke update, delete on break_glass_reviews from residency_app")
    op.execute(
        "grant update (reviewed_at, reviewed_by, verdict) on break_glass_reviews to residency_app"
    )
