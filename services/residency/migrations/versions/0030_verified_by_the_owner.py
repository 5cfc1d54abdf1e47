"""Only the owner of the tables says that the chain of access records holds.

Revision ID: 0030
"""

from alembic import op

from chassis.account import access_schema

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Refuse that mark to the service's role."""
    for statement in access_schema.VERIFIED_BY_OWNER:
        op.execute(statement)
