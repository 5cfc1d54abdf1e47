"""Reminders of terms that end and of lodging houses' lists.

Revision ID: 0009
Revises: 0008
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_LAW = "Law 68/2020/QH14 on Residence"


def upgrade() -> None:
    """Make the table, and room to find what ends soon."""
    op.create_table(
        "reminders",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("about", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("reminder_id", sa.Uuid, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('RENEWAL_OPEN', 'TERM_ENDED', 'TENANCY_END', 'LODGING_LIST')",
            name="reminders_kind",
        ),
    )
    op.execute("revoke update, delete on reminders from residency_app")
    op.execute(
        """
        create trigger reminders_append_only before update or delete or truncate on reminders
        for each statement execute function refuse_change()
        """
    )
    op.create_index(
        "registrations_ending",
        "registrations",
        ["valid_until"],
        postgresql_where=sa.text(
            "kind = 'TEMPORARY' and ended_on is null and superseded_at is null"
        ),
    )
    # Told by the next change of each premises.
    op.add_column(
        "premises_places",
        sa.Column("lodging", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    _limits()


def _limits() -> None:
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    since = dt.date(2021, 7, 1)
    rows = [
        (
            "reminder_lateness",
            since,
            30,
            "days",
            "[own] no legal rule: nobody is reminded of a term that ended longer ago",
        ),
        (
            "reminder_lodging_list",
            since,
            22,
            "hour",
            f"[own] an hour before the deadline of {_LAW}, Art. 30: 23:00",
        ),
    ]
    names = ("rule", "effective_from", "value", "unit", "source")
    op.bulk_insert(limits, [dict(zip(names, row, strict=True)) for row in rows])
