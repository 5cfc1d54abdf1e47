"""More of each device, pre-alarms and how alarms are confirmed, limits of carbon monoxide.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns."""
    _devices()
    _alarms()
    _ingestion_limits()


def _devices() -> None:
    texts = {"kind": "SMOKE_HEAT", "firmware": "", "protocol": "NATS", "payload_format": "NATIVE"}
    for name, default in texts.items():
        op.add_column("devices", sa.Column(name, sa.Text, nullable=False, server_default=default))
    op.add_column("devices", sa.Column("floor", sa.Integer, nullable=False, server_default="0"))
    op.add_column(
        "devices",
        sa.Column("gateway_id", sa.Text, sa.ForeignKey("devices.device_id"), index=True),
    )
    op.add_column(
        "devices",
        sa.Column(
            "mutual_aid_group_id",
            sa.Text,
            sa.ForeignKey("mutual_aid_groups.group_id"),
            index=True,
        ),
    )
    for name in ("installed_on", "end_of_life_on", "last_tested_on"):
        op.add_column("devices", sa.Column(name, sa.Date))
    op.add_column(
        "devices", sa.Column("retired", sa.Boolean, nullable=False, server_default="false")
    )


def _alarms() -> None:
    for name in ("confirmed_at", "silenced_at", "shelved_until"):
        op.add_column("alarms", sa.Column(name, _INSTANT))
    for name in ("confirmation", "confirmed_by_device_id", "silenced_by"):
        op.add_column("alarms", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.drop_constraint("alarms_state", "alarms")
    op.create_check_constraint(
        "alarms_state", "alarms", "state in ('PRE_ALARM', 'ACTIVE', 'ACKNOWLEDGED', 'RESET')"
    )


def _ingestion_limits() -> None:
    """Add to the published version what it did not speak of: no reading had it, so it judges none anew."""
    bounds = {"carbon_monoxide_min": "0", "carbon_monoxide_max": "100000"}
    for name, default in bounds.items():
        op.add_column(
            "ingestion_limits",
            sa.Column(name, sa.Double, nullable=False, server_default=default),
        )
