"""What a look is where looks are counted, and what is said of places with its two times.

Revision ID: 0017
Revises: 0016
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_LOOKS = {
    "rule": "anomaly_rate",
    "effective_from": dt.date(2026, 11, 1),
    "value": 120,
    "unit": "looks an hour",
    "source": "no law says a number [own]: the data protection officer confirms it; one answer is one look, \
however many persons a page of it shows",
}


def upgrade() -> None:
    """Enter the new version of the threshold."""
    limits = sa.table("legal_limits", *(sa.column(name) for name in _LOOKS))
    op.bulk_insert(limits, [_LOOKS])
