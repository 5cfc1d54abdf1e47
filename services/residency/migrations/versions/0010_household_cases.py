"""Terms of household splits and changes of information.

Revision ID: 0010
Revises: 0009
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_LAW = "Law 68/2020/QH14 on Residence"


def upgrade() -> None:
    """Enter the terms."""
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    since, days = dt.date(2021, 7, 1), "working_days"
    rows = [
        (
            "case_term_household_split",
            since,
            5,
            days,
            f"[?] {_LAW}, Art. 25(3): sources differ between three and seven working days",
        ),
        (
            "case_term_change_of_information",
            since,
            3,
            days,
            f"[?] {_LAW}, Art. 26(3): sources differ between three and seven working days",
        ),
    ]
    names = ("rule", "effective_from", "value", "unit", "source")
    op.bulk_insert(limits, [dict(zip(names, row, strict=True)) for row in rows])
