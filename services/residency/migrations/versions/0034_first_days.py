"""How far ahead of the day on which it is entered anything may begin.

Revision ID: 0034
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Enter the limit; what was entered before stays as it is."""
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    op.bulk_insert(
        limits,
        [
            {
                "rule": "first_day_ahead",
                "effective_from": dt.date(2021, 7, 1),
                "value": 366,
                "unit": "days",
                "source": "[own] no legal rule: what begins later is taken for a mistyped year",
            }
        ],
    )
