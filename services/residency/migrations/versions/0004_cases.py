"""Residence cases, the ward's working days, and the questions to the population database.

Revision ID: 0004
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)
_LAW = "Law 68/2020/QH14 on Residence"
_SINCE_LAW = dt.date(2021, 7, 1)
_SINCE_CIRCULAR = dt.date(2026, 7, 1)


def upgrade() -> None:
    """Make the tables and enter the terms."""
    _cases()
    _history()
    _population_checks()
    _decided_days()
    _limits()


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("case_number", sa.Text, nullable=False, unique=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("identity_check", sa.Text, nullable=False),
        sa.Column("declaration_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("submitted_at", _INSTANT),
        sa.Column("accepted_by", sa.Text, nullable=False),
        sa.Column("accepted_at", _INSTANT),
        sa.Column("verified_by", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", _INSTANT),
        sa.Column("refusal_ground", sa.Text),
        sa.Column("term_days", sa.SmallInteger),
        sa.Column("used_days", sa.SmallInteger),
        sa.Column("running_since", sa.Date),
        sa.Column("due_on", sa.Date),
        sa.CheckConstraint("channel in ('ELECTRONIC', 'COUNTER')", name="cases_channel"),
        sa.CheckConstraint("(term_days is null) = (used_days is null)", name="cases_clock"),
        sa.CheckConstraint(
            "(accepted_at is null) = (term_days is null)", name="cases_clock_started"
        ),
        sa.CheckConstraint(
            "(state in ('APPROVED', 'REFUSED', 'RECORDED', 'CANCELLED'))"
            " = (decided_at is not null)",
            name="cases_decided",
        ),
        sa.CheckConstraint(
            "(state = 'REFUSED') = (refusal_ground is not null)", name="cases_refused"
        ),
        sa.CheckConstraint(
            "state not in ('APPROVED', 'RECORDED', 'CANCELLED')"
            " or decided_by not in (accepted_by, verified_by)",
            name="cases_second_person",
        ),
        sa.Index("cases_of_account", "account", "created_at", "case_id"),
        sa.Index("cases_oldest", "created_at", "case_id"),
        sa.Index("cases_due", "due_on", postgresql_where=sa.text("decided_at is null")),
    )
    op.create_table(
        "case_numbers",
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "case_registrations",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id"), primary_key=True),
        sa.Column(
            "registration_id",
            sa.Uuid,
            sa.ForeignKey("registrations.registration_id"),
            primary_key=True,
        ),
    )
    op.execute("revoke delete on cases, case_numbers from residency_app")
    op.execute("revoke update, delete on case_registrations from residency_app")


def _history() -> None:
    op.create_table(
        "case_history",
        sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id"), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("note_sealed", sa.LargeBinary),
        sa.Index("case_history_of_case", "case_id", "entry_id"),
    )
    # Notes are sealed anew when the key changes; nothing else of an entry is, not even by the owner.
    op.execute("revoke update, delete on case_history from residency_app")
    op.execute("grant update (note_sealed) on case_history to residency_app")
    op.execute(
        """
        create trigger case_history_append_only
        before delete or truncate or update of entry_id, case_id, at, act, state, due_on, account
        on case_history for each statement execute function refuse_change()
        """
    )


def _population_checks() -> None:
    op.create_table(
        "population_checks",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id"), primary_key=True),
        sa.Column("person", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("check_id", sa.Uuid, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", _INSTANT, index=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.CheckConstraint(
            "verdict in ('UNAVAILABLE', 'MATCH', 'MISMATCH', 'NOT_FOUND')",
            name="population_checks_verdict",
        ),
        sa.CheckConstraint(
            "(due_at is null) = (verdict <> 'UNAVAILABLE')", name="population_checks_answered"
        ),
    )


def _decided_days() -> None:
    op.create_table(
        "decided_days",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("working", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.execute("revoke insert, update, delete on decided_days from residency_app")


def _limits() -> None:
    days = "working_days"
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    rows = [
        ("case_term_permanent_residence", _SINCE_LAW, 7, days, f"[own] {_LAW}, Art. 22(3)"),
        ("case_term_temporary_residence", _SINCE_LAW, 3, days, f"{_LAW}, Art. 28(2)"),
        ("case_term_renewal", _SINCE_LAW, 3, days, f"{_LAW}, Art. 28(3)"),
        (
            "case_term_deregistration",
            _SINCE_CIRCULAR,
            1,
            days,
            "[?] Circular 116/2026/TT-BCA, Art. 13: entered within one working day",
        ),
        (
            "case_due_soon",
            _SINCE_LAW,
            1,
            days,
            "[own] no legal rule: listed as due soon so many working days ahead",
        ),
        (
            "renewal_window",
            _SINCE_LAW,
            15,
            "days",
            f"{_LAW}, Art. 28(3): renewal is asked for in the last 15 days of the term",
        ),
    ]
    names = ("rule", "effective_from", "value", "unit", "source")
    op.bulk_insert(limits, [dict(zip(names, row, strict=True)) for row in rows])
