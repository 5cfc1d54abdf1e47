"""More of each device and its history, how alarms are confirmed, limits of carbon monoxide, test intervals.

Revision ID: 0002
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns."""
    _devices()
    _device_changes()
    _alarms()
    _ingestion_limits()
    _test_intervals()


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
    for name in ("last_test_failed", "retired"):
        op.add_column(
            "devices", sa.Column(name, sa.Boolean, nullable=False, server_default="false")
        )


def _device_changes() -> None:
    """Keep what was done to each entry; nobody rewrites it, the tables' owner included."""
    op.create_table(
        "device_changes",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("device_id", sa.Text, sa.ForeignKey("devices.device_id"), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("entry", postgresql.JSONB, nullable=False),
    )
    op.create_index("device_changes_of_device", "device_changes", ["device_id", "position"])
    op.execute("revoke update, delete on device_changes from fire_safety_app")
    op.execute(
        "create trigger device_changes_are_kept before update or delete or truncate"
        " on device_changes for each statement execute function refuse_change()"
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


def _test_intervals() -> None:
    op.create_table(
        "test_intervals",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("interval_days", sa.Integer, nullable=False),
        sa.CheckConstraint("interval_days > 0", name="test_intervals_interval"),
    )
    op.execute("revoke insert, update, delete on test_intervals from fire_safety_app")
    op.execute(
        "create trigger test_intervals_are_kept before update or delete or truncate"
        " on test_intervals for each statement execute function refuse_change()"
    )
    columns = ("kind", "version", "effective_from", "source", "interval_days")
    intervals = sa.table("test_intervals", *(sa.column(name) for name in columns))
    rows = [
        {
            "kind": kind,
            "version": 1,
            "effective_from": _FIRST_DAY,
            "source": _TEST_SOURCE,
            "interval_days": 365,
        }
        for kind in _KINDS
    ]
    op.bulk_insert(intervals, rows)


_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_KINDS = (
    "SMOKE",
    "HEAT",
    "SMOKE_HEAT",
    "CO",
    "SMOKE_CO",
    "MANUAL_CALL_POINT",
    "PANEL",
    "GATEWAY",
)
_TEST_SOURCE = """\
A functional test at least once a year [own]: the interval that NFPA 72 (table of testing, chapter 14) has for
detectors, manual boxes, control units and transmitters. Makers of domestic alarms ask for a press of the button each
month; such a press is nobody's record, so it is not what this interval judges.
"""
