"""Decoys, and from when on it is odd how somebody looks persons up.

Revision ID: 0006
Revises: 0005
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_SOURCE = "no law says a number [own]: the data protection officer confirms it"
_THRESHOLDS = [
    ("anomaly_rate", 120, "looks an hour"),
    ("anomaly_refusals", 20, "refusals an hour"),
    ("anomaly_misses", 10, "unknown numbers a window"),
    ("anomaly_sequences", 3, "steps a window"),
    ("anomaly_neighbours", 10, "persons of a building a day"),
    ("anomaly_out_of_shift", 1, "looks a day"),
    ("shift_first_hour", 7, "hour of the day"),
    ("shift_end_hour", 18, "hour of the day"),
]


def upgrade() -> None:
    """Make the table and enter the thresholds."""
    op.create_table(
        "decoys",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
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
                "rule": rule,
                "effective_from": dt.date(2026, 1, 1),
                "value": value,
                "unit": unit,
                "source": _SOURCE,
            }
            for rule, value, unit in _THRESHOLDS
        ],
    )
