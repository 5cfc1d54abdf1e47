"""Whose a number was before is found by an index, and requests by the record that they are about.

Revision ID: 0026
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the indexes."""
    op.execute("create index person_corrections_of_number on person_corrections (number_index)")
    op.execute("create index data_subject_requests_of_person on data_subject_requests (person_id)")
