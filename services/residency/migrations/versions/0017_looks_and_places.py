"""What a look is where looks are counted, and what was said of places before.

Revision ID: 0017
Revises: 0016
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_LOOKS = {
    "rule": "anomaly_rate",
    "effective_from": dt.date(2026, 11, 1),
    "value": 120,
    "unit": "looks an hour",
    "source": "no law says a number [own]: the data protection officer confirms it; one answer is one look, \
however many persons a page of it shows",
}


def upgrade() -> None:
    """Enter the new version of the threshold, and make room for what was said of places."""
    limits = sa.table("legal_limits", *(sa.column(name) for name in _LOOKS))
    op.bulk_insert(limits, [_LOOKS])
    op.create_table(
        "place_changes",
        sa.Column("change_id", sa.Uuid, primary_key=True),
        sa.Column("dwelling_id", sa.Uuid, sa.ForeignKey("dwellings.dwelling_id"), index=True),
        sa.Column("building_id", sa.Uuid, sa.ForeignKey("buildings.building_id"), index=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("legal_basis", sa.Text),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.CheckConstraint(
            "num_nonnulls(dwelling_id, building_id) = 1", name="place_changes_one_place"
        ),
    )
    op.execute("revoke update, delete on place_changes from residency_app")
    op.execute(
        """
        create trigger place_changes_append_only before update or delete or truncate
        on place_changes for each statement execute function refuse_change()
        """
    )
