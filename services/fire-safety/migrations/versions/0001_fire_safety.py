"""Premises, devices, limits, readings, alarms and the outbox.

Revision ID: 0001
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_INSTANT = sa.DateTime(timezone=True)
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Make all tables."""
    _register()
    _community()
    _limits()
    _observed()
    _messages()
    _rights()
    _first_profile()
    _first_ingestion_limits()


def _register() -> None:
    op.create_table(
        "premises",
        sa.Column("premises_id", sa.Text, primary_key=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("hazard_group", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("residential_group", sa.Integer, nullable=False),
        sa.Column("building_id", sa.Text, nullable=False),
        sa.Column("storeys", sa.Integer, nullable=False),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("hazards", postgresql.JSONB, nullable=False),
        sa.Column("access", postgresql.JSONB),
        sa.Column("contacts", postgresql.JSONB, nullable=False),
        sa.Column("suspension", postgresql.JSONB),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint("(latitude is null) = (longitude is null)", name="premises_position"),
    )
    op.create_index("premises_by_code", "premises", ["ward_code", "code"], unique=True)
    op.create_index("premises_by_group", "premises", ["residential_group", "code"])
    op.create_table(
        "zones",
        sa.Column("zone_id", sa.Text, primary_key=True),
        sa.Column(
            "premises_id",
            sa.Text,
            sa.ForeignKey("premises.premises_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("floor", sa.Integer, nullable=False),
    )
    op.create_table(
        "devices",
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("premises_id", sa.Text, sa.ForeignKey("premises.premises_id"), index=True),
        sa.Column("zone_id", sa.Text, sa.ForeignKey("zones.zone_id")),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("mains_powered", sa.Boolean, nullable=False),
        sa.Column("interval_s", sa.Integer, nullable=False),
        sa.Column("profile_id", sa.Text, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False, index=True),
        sa.Column("last_seen_at", _INSTANT),
        sa.Column("clean_air", sa.REAL, nullable=False, server_default="0"),
        sa.CheckConstraint("device_id ~ '^[A-Za-z0-9_-]{1,64}$'", name="devices_id_fits_subjects"),
        sa.CheckConstraint("interval_s > 0", name="devices_interval"),
    )
    # Signs of life are rewritten every half minute: room on the page keeps them off the indexes.
    op.execute("alter table devices set (fillfactor = 70)")


def _community() -> None:
    op.create_table(
        "fire_points",
        sa.Column("fire_point_id", sa.Text, primary_key=True),
        sa.Column("residential_group", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("latitude", sa.Double, nullable=False),
        sa.Column("longitude", sa.Double, nullable=False),
        sa.Column("equipment", sa.Text, nullable=False),
        sa.Column("custodian_function", sa.Text, nullable=False),
        sa.Column("access_width_m", sa.Double, nullable=False),
        sa.Column("last_inspected_on", sa.Date, nullable=False),
    )
    op.create_table(
        "mutual_aid_groups",
        sa.Column("group_id", sa.Text, primary_key=True),
        sa.Column("residential_group", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "mutual_aid_members",
        sa.Column(
            "group_id", sa.Text, sa.ForeignKey("mutual_aid_groups.group_id"), primary_key=True
        ),
        sa.Column("dwelling_id", sa.Text, primary_key=True),
    )


def _limits() -> None:
    doubles = (
        "smoke_alarm_m1",
        "smoke_restore_m1",
        "smoke_hold_s",
        "smoke_restore_hold_s",
        "clean_air_max_m1",
        "clean_air_rise_m1_per_h",
        "heat_alarm_c",
        "heat_restore_c",
        "heat_rise_k_per_min",
        "heat_rise_restore_k_per_min",
        "heat_rise_span_s",
        "heat_restore_hold_s",
        "gap_s",
        "gap_intervals",
        "settle_s",
        "skew_s",
        "silence_intervals_mains",
        "silence_intervals_battery",
        "silence_margin_s",
    )
    op.create_table(
        "detection_profiles",
        sa.Column("profile_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("confirming_readings", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in doubles),
        sa.CheckConstraint("smoke_restore_m1 < smoke_alarm_m1", name="detection_profiles_smoke"),
        sa.CheckConstraint(
            "clean_air_max_m1 < smoke_alarm_m1", name="detection_profiles_clean_air"
        ),
        sa.CheckConstraint("heat_restore_c < heat_alarm_c", name="detection_profiles_heat"),
        sa.CheckConstraint("gap_s > heat_rise_span_s", name="detection_profiles_gap"),
        sa.CheckConstraint("confirming_readings > 0", name="detection_profiles_confirming"),
    )
    bounds = (
        "future_s",
        "ancient_s",
        "optical_density_min",
        "optical_density_max",
        "temperature_min",
        "temperature_max",
        "battery_min",
        "battery_max",
    )
    op.create_table(
        "ingestion_limits",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("max_bytes", sa.Integer, nullable=False),
        sa.Column("max_readings", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in bounds),
    )


def _observed() -> None:
    op.create_table(
        "readings",
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("observed_at", _INSTANT, primary_key=True),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("optical_density", sa.REAL),
        sa.Column("temperature", sa.REAL),
        sa.Column("battery", sa.REAL),
        sa.Column("conditions", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.Uuid, primary_key=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("device_known", sa.Boolean, nullable=False),
        sa.Column("premises_id", sa.Text, nullable=False),
        sa.Column("zone_id", sa.Text, nullable=False),
        sa.Column("zone_name", sa.Text, nullable=False),
        sa.Column("floor", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("observed_at", _INSTANT, nullable=False),
        sa.Column("raised_at", _INSTANT, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("clock_skewed", sa.Boolean, nullable=False),
        sa.Column("restored_at", _INSTANT),
        sa.Column("acknowledged_at", _INSTANT),
        sa.Column("acknowledged_by", sa.Text, nullable=False),
        sa.Column("reset_at", _INSTANT),
        sa.Column("reset_by", sa.Text, nullable=False),
        sa.Column("disposition", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.CheckConstraint("state in ('ACTIVE', 'ACKNOWLEDGED', 'RESET')", name="alarms_state"),
        sa.CheckConstraint(
            "(state = 'RESET') = (reset_at is not null)", name="alarms_reset_says_when"
        ),
        sa.CheckConstraint(
            "state <> 'RESET' or restored_at is not null", name="alarms_reset_restored"
        ),
    )
    op.create_index(
        "alarms_one_active",
        "alarms",
        ["device_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state <> 'RESET'"),
    )
    op.create_index(
        "alarms_one_per_reading", "alarms", ["device_id", "kind", "observed_at"], unique=True
    )
    op.create_index("alarms_newest", "alarms", ["raised_at", "alarm_id"])
    op.create_index("alarms_of_premises", "alarms", ["premises_id", "raised_at", "alarm_id"])
    op.create_table(
        "detector_positions",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("stream_sequence", sa.BigInteger, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False, index=True),
    )


def _rights() -> None:
    """Let the service add readings only, keep alarms, and read limits, which are the migrations' alone."""
    op.execute("revoke update, delete on readings from fire_safety_app")
    op.execute("revoke delete on alarms from fire_safety_app")
    op.execute(
        "revoke insert, update, delete on detection_profiles, ingestion_limits"
        " from fire_safety_app"
    )
    # Alarms name the version they were judged by: what it said then must be what it says now.
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as"
        " $$ begin raise exception 'a published version is never changed'; end $$"
    )
    for table in ("detection_profiles", "ingestion_limits"):
        op.execute(
            f"create trigger {table}_are_kept before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def _first_profile() -> None:
    columns = {
        "profile_id": "smoke-optical",
        "version": 1,
        "effective_from": _FIRST_DAY,
        "source": _PROFILE_SOURCE,
        "confirming_readings": 2,
        "smoke_alarm_m1": 0.03,
        "smoke_restore_m1": 0.015,
        "smoke_hold_s": 8,
        "smoke_restore_hold_s": 30,
        "clean_air_max_m1": 0.015,
        "clean_air_rise_m1_per_h": 0.005,
        "heat_alarm_c": 58,
        "heat_restore_c": 50,
        "heat_rise_k_per_min": 8.3,
        "heat_rise_restore_k_per_min": 2,
        "heat_rise_span_s": 30,
        "heat_restore_hold_s": 60,
        "gap_s": 150,
        "gap_intervals": 2.5,
        "settle_s": 60,
        "skew_s": 300,
        "silence_intervals_mains": 6,
        "silence_intervals_battery": 5,
        "silence_margin_s": 5,
    }
    profiles = sa.table("detection_profiles", *(sa.column(name) for name in columns))
    op.bulk_insert(profiles, [columns])


def _first_ingestion_limits() -> None:
    columns = {
        "version": 1,
        "effective_from": _FIRST_DAY,
        "source": _INGESTION_SOURCE,
        "max_bytes": 256 * 1024,
        "max_readings": 1000,
        "future_s": 12 * 3600,
        "ancient_s": 7 * 86400,
        "optical_density_min": -0.02,
        "optical_density_max": 100,
        "temperature_min": -60,
        "temperature_max": 1500,
        "battery_min": 0,
        "battery_max": 100,
    }
    limits = sa.table("ingestion_limits", *(sa.column(name) for name in columns))
    op.bulk_insert(limits, [columns])


_PROFILE_SOURCE = """\
Optical smoke with heat in one detector (after EN 54-7 / EN 14604 and EN 54-29).
Smoke 0.03 per metre = 0.3 dB/m = 6.7 %/m = 2.1 %/ft: inside the 0.5 to 4 %/ft of UL 268; for 8 s, which the second
reading of a device that reports every 10 s satisfies whatever its jitter [own]. Restore at half of it for 30 s [own].
Clean air follows dust by at most 0.005 per metre an hour and never beyond half the limit [own].
Heat: static 58 degrees C, inside the 54 to 65 of EN 54-5 class A1; or a rise of 8.3 K/min (15 degrees F/min, UL 521,
NFPA 72) over at least 30 s. The rise is the heat criterion of a multi-sensor: a pure heat detector of class A1R may
not respond so early to a fast rise. Back to normal below 50 degrees C and 2 K/min for 60 s [own].
Silence: mains 6 intervals (65 s at 10 s: a fault is shown within the 100 s of EN 54-2), battery 5 intervals [own].
Gaps, settling of a clock that was set back, and skew: [own].
"""

_INGESTION_SOURCE = """\
[own]. 1,000 readings: the contract. 256 KiB: eight times a full batch of today's fields. Future 12 h: a device that
sends local time as UTC is 7 h ahead and must still be heard; such an alarm is flagged. Ancient 7 days: longer than
the broker keeps readings. Optical density from -0.02 (drift of the zero) to 100 per metre (a blocked or saturated
chamber must still alarm). Temperature -60 to 1500 degrees C.
"""
