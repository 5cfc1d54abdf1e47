"""Names that begin as they are typed, diacritics and all, are a range of an index.

Revision ID: 0032
"""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Add the index."""
    op.create_index("person_index_spelled", "person_index", ["spelled", "place", "person_id"])
