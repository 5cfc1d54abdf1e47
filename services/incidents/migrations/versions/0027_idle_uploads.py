"""Uploads that stand still give their place to others.

Revision ID: 0027
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

SOURCE = "[own] a part takes ten seconds on a bad line; to be confirmed by the ward"


def upgrade() -> None:
    """Keep when something of an upload came last, and say how long it may stand still where its place is wanted."""
    # An instance of the version before does not tell when it begins an upload.
    active_at = sa.Column(
        "active_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
    )
    op.add_column("attachments", active_at)
    op.execute("update attachments set active_at = begun_at")
    names = ("rule", "effective_from", "value", "unit", "source")
    limits = sa.table("legal_limits", *(sa.column(name) for name in names))
    idle = ("attachment_idle", date(2026, 1, 1), 10, "minutes", SOURCE)
    op.bulk_insert(limits, [dict(zip(names, idle, strict=True))])
