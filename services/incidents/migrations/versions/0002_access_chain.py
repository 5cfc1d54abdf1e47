"""The account of every access becomes a chain, and the law says how long it is kept.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

from chassis.account import access_schema

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Chain what is there, let the service append only, and state the limit of the law."""
    for statement in access_schema.statements("incidents_app", before="append_only"):
        op.execute(statement)
    op.create_table(
        "legal_limits",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.execute(
        """
        insert into legal_limits (rule, effective_from, value, unit, source) values (
            'access_record_retention', '2022-10-01', 12, 'months',
            'Decree 53/2022/ND-CP: system logs at least 12 months [own, ?]'
        )
        """
    )
    op.execute("revoke insert, update, delete on legal_limits from incidents_app")
