"""What a brief tells beside the premises: neighbours, water, devices that are off, and who may be there when.

Revision ID: 0010
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ward.fire_safety.v1 import fire_safety_pb2

revision = "0010"
down_revision = "0009"

FIRST = date(2026, 1, 1)
OWN = "[own] no act says when residents are at home; to be confirmed by the ward"


def upgrade() -> None:
    """Make the projections, find the places of what stands, and enter when it is day."""
    instant = sa.DateTime(timezone=True)
    lists = postgresql.ARRAY(sa.Text)
    for name in ("latitude", "longitude"):
        op.add_column("premises", sa.Column(name, sa.Double))
    for name in ("adjoining_building_ids", "adjoining_premises_ids", "alley_building_ids"):
        op.add_column("premises", sa.Column(name, lists, nullable=False, server_default="{}"))
        op.alter_column("premises", name, server_default=None)
    op.add_column("premises", sa.Column("alley", sa.Text, nullable=False, server_default=""))
    op.alter_column("premises", "alley", server_default=None)
    _place_premises()
    op.create_index("premises_of_building", "premises", ["building_id"])
    op.create_table(
        "supply_points",
        sa.Column("supply_point_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("as_of", instant, nullable=False),
        sa.Column("is_water", sa.Boolean, nullable=False),
        sa.Column("latitude", sa.Double, nullable=False),
        sa.Column("longitude", sa.Double, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "mutual_aid_groups",
        sa.Column("group_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("as_of", instant, nullable=False),
        sa.Column("dwelling_ids", lists, nullable=False),
    )
    op.create_table(
        "device_modes",
        sa.Column("mode_id", sa.Text, primary_key=True),
        sa.Column("premises_id", sa.Text, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "device_modes_in_force",
        "device_modes",
        ["premises_id"],
        postgresql_where=sa.text("not ended"),
    )
    op.create_index(
        "ended_fire_alarms",
        "alarms",
        ["premises_id", "raised_at"],
        postgresql_where=sa.text("signal_class = 'ALARM' and ended"),
    )
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    op.bulk_insert(
        limits,
        [
            {"rule": rule, "effective_from": FIRST, "value": hour, "unit": "hour", "source": OWN}
            for rule, hour in (("presence_day_from", 6), ("presence_night_from", 21))
        ],
    )


def _place_premises() -> None:
    connection = op.get_bind()
    for premises_id, payload in connection.execute(
        sa.text("select premises_id, payload from premises")
    ).all():
        told = fire_safety_pb2.Premises.FromString(payload)
        if told.HasField("position"):
            connection.execute(
                sa.text(
                    "update premises set latitude = :latitude, longitude = :longitude"
                    " where premises_id = :premises_id"
                ),
                {
                    "latitude": told.position.latitude,
                    "longitude": told.position.longitude,
                    "premises_id": premises_id,
                },
            )
