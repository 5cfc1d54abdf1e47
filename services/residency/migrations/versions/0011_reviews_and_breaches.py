"""Reviews of broken glass are decided, and breaches of personal data recorded with their clock.

Revision ID: 0011
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables and enter the terms."""
    _limits()
    _reviews()
    _breaches()
    _numbers()
    for table, columns in (
        (
            "break_glass_decisions",
            "decision_id, review_id, verdict, reason, decided_by, decided_at",
        ),
        ("breach_history", "entry_id, breach_id, at, act, account, note"),
    ):
        op.execute(f"revoke update, delete on {table} from residency_app")
        op.execute(
            f"create trigger {table}_append_only before delete or truncate or update of {columns}"
            f" on {table} for each statement execute function refuse_change()"
        )


def _limits() -> None:
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    rows = [
        (
            "break_glass_review",
            dt.date(2026, 1, 1),
            72,
            "hours",
            "[own] no law says it: as soon as a breach would have to be told; the ward confirms it",
        ),
        (
            "breach_notification",
            dt.date(2026, 1, 1),
            72,
            "hours",
            "Law 91/2025/QH15 on Personal Data Protection, Art. 23: from detection",
        ),
        (
            "breach_notification_soon",
            dt.date(2026, 1, 1),
            24,
            "hours",
            "[own] no legal rule: told as due soon so many hours ahead",
        ),
    ]
    names = ("rule", "effective_from", "value", "unit", "source")
    op.bulk_insert(limits, [dict(zip(names, row, strict=True)) for row in rows])


def _reviews() -> None:
    op.add_column("break_glass_reviews", sa.Column("due_at", _INSTANT))
    op.execute("update break_glass_reviews set due_at = opened_at + interval '72 hours'")
    op.alter_column("break_glass_reviews", "due_at", nullable=False)
    op.create_table(
        "break_glass_decisions",
        sa.Column("decision_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column(
            "review_id", sa.Uuid, sa.ForeignKey("break_glass_reviews.review_id"), nullable=False
        ),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "verdict in ('JUSTIFIED', 'NOT_JUSTIFIED', 'NEEDS_FOLLOW_UP')",
            name="break_glass_decisions_verdict",
        ),
        sa.Index("break_glass_decisions_of_review", "review_id", "decision_id"),
    )


def _breaches() -> None:
    op.create_table(
        "breaches",
        sa.Column("breach_id", sa.Uuid, primary_key=True),
        sa.Column("breach_number", sa.Text, nullable=False, unique=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("found_at", _INSTANT, nullable=False),
        sa.Column("found_by", sa.Text, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("notify_by", _INSTANT, nullable=False),
        sa.Column("alert_at", _INSTANT),
        sa.Column("suspect", sa.Text, nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text)),
        sa.Column("persons", sa.BigInteger),
        sa.Column("records", sa.BigInteger),
        sa.Column("description", sa.Text),
        sa.Column("consequences", sa.Text),
        sa.Column("measures", sa.Integer, nullable=False),
        sa.Column("notified_at", _INSTANT),
        sa.Column("authority_reference", sa.Text, nullable=False),
        sa.Column("waived_at", _INSTANT),
        sa.CheckConstraint(
            "state in ('SUSPECTED', 'OPEN', 'CLOSED', 'DISMISSED')", name="breaches_state"
        ),
        sa.CheckConstraint("source in ('REPORTED', 'DECOY')", name="breaches_source"),
        sa.CheckConstraint("(source = 'DECOY') = (suspect <> '')", name="breaches_suspect"),
        sa.CheckConstraint(
            "num_nulls(categories, persons, records, description, consequences) in (0, 5)",
            name="breaches_nature",
        ),
        sa.CheckConstraint(
            "state not in ('OPEN', 'CLOSED') or categories is not null", name="breaches_known"
        ),
        sa.CheckConstraint("found_at <= recorded_at", name="breaches_found"),
        sa.CheckConstraint(
            "state <> 'CLOSED'"
            " or (measures > 0 and (notified_at is not null or waived_at is not null))",
            name="breaches_settled",
        ),
        sa.Index(
            "breaches_one_suspicion",
            "suspect",
            unique=True,
            postgresql_where=sa.text("state = 'SUSPECTED'"),
        ),
        sa.Index("breaches_oldest", "found_at", "breach_id"),
        sa.Index("breaches_alert", "alert_at", postgresql_where=sa.text("alert_at is not null")),
    )
    op.create_table(
        "breach_history",
        sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("breach_id", sa.Uuid, sa.ForeignKey("breaches.breach_id"), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Index("breach_history_of_breach", "breach_id", "entry_id"),
    )
    op.execute("revoke delete on breaches from residency_app")


def _numbers() -> None:
    op.create_table(
        "running_numbers",
        sa.Column("series", sa.Text, primary_key=True),
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.execute("revoke delete on running_numbers from residency_app")
