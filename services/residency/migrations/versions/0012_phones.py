"""Who may see how a person is reached.

Revision ID: 0012
Revises: 0011
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

_SINCE = dt.date(2026, 11, 1)
_LAW = "Law 91/2025/QH15 Art. 3 (specific purpose, right scope)"
# Purpose, role, way, source: what the rule allowed before, and the telephone number [own]; the ward confirms it.
_SHOWN = [
    (
        "RESIDENCE_CASE",
        "residence_officer",
        "LOOKUP",
        f"{_LAW}; Circular 116/2026/TT-BCA, declaration CT01 field 5 [own]",
    ),
    (
        "DATA_SUBJECT_REQUEST",
        "residence_officer",
        "LOOKUP",
        f"{_LAW}; Law 91/2025/QH15 Art. 4 (view, correct) [own]",
    ),
    (
        "DATA_SUBJECT_REQUEST",
        "data_protection_officer",
        "LOOKUP",
        f"{_LAW}; Law 91/2025/QH15 Art. 4 (view, correct, restrict, delete) [own]",
    ),
    (
        "FIRE_RESCUE",
        "duty_officer",
        "BREAK_GLASS",
        f"{_LAW}; Law 91/2025/QH15 Art. 19 (life and health in an emergency) [own]",
    ),
]


def upgrade() -> None:
    """Enter new versions of the rules."""
    rules = sa.table(
        "disclosure_rules",
        sa.column("purpose", sa.Text),
        sa.column("role", sa.Text),
        sa.column("way", sa.Text),
        sa.column("effective_from", sa.Date),
        sa.column("fields", postgresql.ARRAY(sa.Text)),
        sa.column("source", sa.Text),
    )
    for purpose, role, way, source in _SHOWN:
        before = sa.select(
            rules.c.purpose,
            rules.c.role,
            rules.c.way,
            sa.literal(_SINCE),
            sa.func.array_append(rules.c.fields, "PHONE"),
            sa.literal(source),
        ).where(rules.c.purpose == purpose, rules.c.role == role, rules.c.way == way)
        op.execute(sa.insert(rules).from_select([column.name for column in rules.c], before))
