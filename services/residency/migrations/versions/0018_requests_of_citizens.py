"""Requests of data subjects: by which case a correction is entered, and found by whom they are about.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make room for the number of the case, and an index."""
    op.add_column(
        "data_subject_requests",
        sa.Column("case_number", sa.Text, nullable=False, server_default=""),
    )
    op.create_index(
        "data_subject_requests_of_subject",
        "data_subject_requests",
        ["subject", "received_at", "request_uuid"],
    )
