"""Cases of lodging, temporary absence and foreign stay: their terms, and what they entered.

Revision ID: 0016
Revises: 0015
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the links and enter the terms."""
    _links("case_stays", "guest_stays", "stay_id")
    _links("case_absences", "absences", "absence_id")
    _limits()


def _links(table: str, entries: str, key: str) -> None:
    op.create_table(
        table,
        sa.Column("case_id", sa.Uuid, sa.ForeignKey("cases.case_id"), primary_key=True),
        sa.Column(key, sa.Uuid, sa.ForeignKey(f"{entries}.{key}"), primary_key=True),
    )
    op.execute(f"revoke update, delete on {table} from residency_app")


def _limits() -> None:
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    since, days = dt.date(2021, 7, 1), "working_days"
    rows = [
        (
            "case_term_lodging",
            since,
            1,
            days,
            "[own] no legal term: Law 68/2020/QH14 on Residence, Art. 30, has it declared and entered",
        ),
        (
            "case_term_temporary_absence",
            since,
            1,
            days,
            "Law 68/2020/QH14 on Residence, Art. 31: one working day; [?] two in complex cases",
        ),
        (
            "case_term_foreign_stay",
            since,
            1,
            days,
            "[own] no legal term: Law 47/2014/QH13, Art. 33, has it declared and entered",
        ),
    ]
    names = ("rule", "effective_from", "value", "unit", "source")
    op.bulk_insert(limits, [dict(zip(names, row, strict=True)) for row in rows])
