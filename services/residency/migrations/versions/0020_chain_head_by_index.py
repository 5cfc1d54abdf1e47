"""The head of the chain of access records is found by its index, also in sessions that began with few records.

Revision ID: 0020
"""

from alembic import op

from chassis.account import access_schema

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Let appending plan without reading the whole table."""
    op.execute(access_schema.HEAD_BY_INDEX)
