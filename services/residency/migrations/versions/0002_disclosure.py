"""What each role may see for each purpose.

Revision ID: 0002
Revises: 0001
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_FIRST_DAY = dt.date(2026, 1, 1)
_LAW = "Law 91/2025/QH15 Art. 3 (specific purpose, right scope)"
# Purpose, role, way, fields, source. The scopes are the product's own [own]; the ward confirms them before use.
_RULES = [
    (
        "RESIDENCE_CASE",
        "residence_officer",
        "LOOKUP",
        "FULL_NAME BIRTH_DATE SEX MASKED_NUMBER RESIDENCES HOUSEHOLD",
        f"{_LAW}; Circular 116/2026/TT-BCA, declaration CT01 [own]",
    ),
    (
        "PUBLIC_SERVICE",
        "residence_officer",
        "LOOKUP",
        "FULL_NAME BIRTH_DATE RESIDENCES",
        f"{_LAW}; Circular 116/2026/TT-BCA Art. 3(5): no papers whose data are in the database [own]",
    ),
    (
        "PUBLIC_SERVICE",
        "service",
        "LOOKUP",
        "RESIDENCES",
        f"{_LAW}; Circular 116/2026/TT-BCA Art. 3(5): no papers whose data are in the database [own]",
    ),
    (
        "DATA_SUBJECT_REQUEST",
        "residence_officer",
        "LOOKUP",
        "FULL_NAME BIRTH_DATE SEX MASKED_NUMBER RESIDENCES",
        f"{_LAW}; Law 91/2025/QH15 Art. 4 (view, correct) [own]",
    ),
    (
        "DATA_SUBJECT_REQUEST",
        "data_protection_officer",
        "LOOKUP",
        "FULL_NAME BIRTH_DATE SEX MASKED_NUMBER RESIDENCES ASSISTANCE",
        f"{_LAW}; Law 91/2025/QH15 Art. 4 (view, correct, restrict, delete) [own]",
    ),
    (
        "FIRE_RESCUE",
        "duty_officer",
        "BREAK_GLASS",
        "FULL_NAME BIRTH_YEAR SEX RESIDENCES ASSISTANCE",
        f"{_LAW}; Law 91/2025/QH15 Art. 19 (life and health in an emergency) [own]",
    ),
]


def upgrade() -> None:
    """Make the table and its first rules."""
    rules = op.create_table(
        "disclosure_rules",
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("way", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("fields", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.CheckConstraint("way in ('LOOKUP', 'BREAK_GLASS')", name="disclosure_rules_way"),
    )
    op.bulk_insert(
        rules,
        [
            {
                "purpose": purpose,
                "role": role,
                "way": way,
                "effective_from": _FIRST_DAY,
                "fields": fields.split(),
                "source": source,
            }
            for purpose, role, way, fields, source in _RULES
        ],
    )
    op.execute("revoke insert, update, delete on disclosure_rules from residency_app")
