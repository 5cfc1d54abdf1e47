"""The account of every access becomes a chain, and the law says how long it is kept.

Revision ID: 0007
"""

from alembic import op

from chassis.account import access_schema

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Chain what is there, and let the service append only."""
    for statement in access_schema.statements(
        "residency_app", before="access_records_append_only"
    ):
        op.execute(statement)
    op.execute(
        """
        insert into legal_limits (rule, effective_from, value, unit, source) values (
            'access_record_retention', '2022-10-01', 12, 'months',
            'Decree 53/2022/ND-CP: system logs at least 12 months [own, ?]'
        )
        """
    )
