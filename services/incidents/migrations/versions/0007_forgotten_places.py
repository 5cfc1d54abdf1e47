"""A report that is forgotten says no more where and when it was; its kind says to whom the place is told before.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Give reports the kind of their category, and forget the places of what was forgotten before."""
    op.add_column("reports", sa.Column("kind", sa.Text))
    op.execute(
        "update reports set kind = (select kind from categories where code = reports.category"
        " order by effective_from desc limit 1)"
    )
    op.alter_column("reports", "kind", nullable=False)
    op.execute(
        "update reports set address = '', latitude = null, longitude = null, occurred_at = null"
        " where forgotten_at is not null"
    )
    op.execute(
        "update incidents set latitude = null, longitude = null, address = coalesce("
        "(select address from premises where premises_id = incidents.premises_id), '')"
        " where ended_at is not null"
        " and incident_id in (select incident_id from reports where forgotten_at is not null)"
        " and incident_id not in (select incident_id from reports where forgotten_at is null)"
    )
    op.create_check_constraint(
        "forgotten_says_nothing",
        "reports",
        "forgotten_at is null or (address = '' and latitude is null and occurred_at is null)",
    )
