"""How far the clocks of devices are from the broker's, as they were last heard.

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Suppose that they are right until they are heard."""
    offset = sa.Column("clock_offset_s", sa.Double, nullable=False, server_default="0")
    skewed = sa.Column("clock_skewed", sa.Boolean, nullable=False, server_default="false")
    op.add_column("devices", offset)
    op.add_column("devices", skewed)
