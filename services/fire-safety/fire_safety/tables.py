"""The tables of fire safety and the constraints that keep its rules."""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.idempotency import requests_table
from chassis.outbox import outbox_table

metadata = MetaData()

_INSTANT = DateTime(timezone=True)

# ---------------------------------------------------------------- the register

premises = Table(
    "premises",
    metadata,
    Column("premises_id", Text, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("hazard_group", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("residential_group", Integer, nullable=False),
    Column("building_id", Text, nullable=False),
    Column("storeys", Integer, nullable=False),
    Column("latitude", Double),
    Column("longitude", Double),
    # Told, never asked by: what is dangerous there, how to get in, whom to call, the suspension in force.
    Column("hazards", JSONB, nullable=False),
    Column("access", JSONB),
    Column("contacts", JSONB, nullable=False),
    Column("suspension", JSONB),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("(latitude is null) = (longitude is null)", name="premises_position"),
    Index("premises_by_code", "ward_code", "code", unique=True),
    Index("premises_by_group", "residential_group", "code"),
)

zones = Table(
    "zones",
    metadata,
    Column("zone_id", Text, primary_key=True),
    Column("premises_id", ForeignKey("premises.premises_id"), nullable=False, index=True),
    # Place in the list of its premises.
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("floor", Integer, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("device_id", Text, primary_key=True),
    # Null while it is not placed yet.
    Column("premises_id", ForeignKey("premises.premises_id"), index=True),
    Column("zone_id", ForeignKey("zones.zone_id")),
    Column("model", Text, nullable=False),
    Column("mains_powered", Boolean, nullable=False),
    Column("interval_s", Integer, nullable=False),
    Column("profile_id", Text, nullable=False),
    # When the register's entry last changed; the detector learns of changes by it.
    Column("changed_at", _INSTANT, nullable=False, index=True),
    # Both stored late and in bulk; the newest are in the detector's memory.
    Column("last_seen_at", _INSTANT),
    Column("clean_air", REAL, nullable=False, server_default="0"),
    CheckConstraint("device_id ~ '^[A-Za-z0-9_-]{1,64}$'", name="devices_id_fits_subjects"),
    CheckConstraint("interval_s > 0", name="devices_interval"),
)

fire_points = Table(
    "fire_points",
    metadata,
    Column("fire_point_id", Text, primary_key=True),
    Column("residential_group", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("equipment", Text, nullable=False),
    Column("custodian_function", Text, nullable=False),
    Column("access_width_m", Double, nullable=False),
    Column("last_inspected_on", Date, nullable=False),
)

mutual_aid_groups = Table(
    "mutual_aid_groups",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("residential_group", Integer, nullable=False),
    Column("name", Text, nullable=False),
)

mutual_aid_members = Table(
    "mutual_aid_members",
    metadata,
    Column("group_id", ForeignKey("mutual_aid_groups.group_id"), primary_key=True),
    # A dwelling of the residence register.
    Column("dwelling_id", Text, primary_key=True),
)

# ---------------------------------------------------------------- limits: changed by migrations only

detection_profiles = Table(
    "detection_profiles",
    metadata,
    Column("profile_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("effective_from", _INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    # Readings in a row that any change needs.
    Column("confirming_readings", Integer, nullable=False),
    # Optical density above clean air, m⁻¹, that alarms after the hold; below which it is normal after its hold.
    Column("smoke_alarm_m1", Double, nullable=False),
    Column("smoke_restore_m1", Double, nullable=False),
    Column("smoke_hold_s", Double, nullable=False),
    Column("smoke_restore_hold_s", Double, nullable=False),
    # How much dust and ageing may be taken for clean air, and how fast.
    Column("clean_air_max_m1", Double, nullable=False),
    Column("clean_air_rise_m1_per_h", Double, nullable=False),
    # Static response and rate of rise over at least the span, each with its return to normal.
    Column("heat_alarm_c", Double, nullable=False),
    Column("heat_restore_c", Double, nullable=False),
    Column("heat_rise_k_per_min", Double, nullable=False),
    Column("heat_rise_restore_k_per_min", Double, nullable=False),
    Column("heat_rise_span_s", Double, nullable=False),
    Column("heat_restore_hold_s", Double, nullable=False),
    # Readings further apart than both of these are not in a row.
    Column("gap_s", Double, nullable=False),
    Column("gap_intervals", Double, nullable=False),
    # A device clock without a newer reading for this long, while the device reports, was set back.
    Column("settle_s", Double, nullable=False),
    # Difference of device and broker clocks beyond which an alarm says so.
    Column("skew_s", Double, nullable=False),
    # Silence allowed: interval times this, by power class, and the margin.
    Column("silence_intervals_mains", Double, nullable=False),
    Column("silence_intervals_battery", Double, nullable=False),
    Column("silence_margin_s", Double, nullable=False),
    CheckConstraint("smoke_restore_m1 < smoke_alarm_m1", name="detection_profiles_smoke"),
    CheckConstraint("clean_air_max_m1 < smoke_alarm_m1", name="detection_profiles_clean_air"),
    CheckConstraint("heat_restore_c < heat_alarm_c", name="detection_profiles_heat"),
    CheckConstraint("gap_s > heat_rise_span_s", name="detection_profiles_gap"),
    CheckConstraint("confirming_readings > 0", name="detection_profiles_confirming"),
)

ingestion_limits = Table(
    "ingestion_limits",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", _INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    Column("max_bytes", Integer, nullable=False),
    Column("max_readings", Integer, nullable=False),
    # Device clock ahead of, and behind, the broker's.
    Column("future_s", Double, nullable=False),
    Column("ancient_s", Double, nullable=False),
    Column("optical_density_min", Double, nullable=False),
    Column("optical_density_max", Double, nullable=False),
    Column("temperature_min", Double, nullable=False),
    Column("temperature_max", Double, nullable=False),
    Column("battery_min", Double, nullable=False),
    Column("battery_max", Double, nullable=False),
)

# ---------------------------------------------------------------- what was observed

# Append-only. The key makes storing idempotent; it is also the index that charts read by.
readings = Table(
    "readings",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("observed_at", _INSTANT, primary_key=True),
    Column("received_at", _INSTANT, nullable=False),
    Column("optical_density", REAL),
    Column("temperature", REAL),
    Column("battery", REAL),
    Column("conditions", BigInteger, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Uuid, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    # As placed when it was raised; empty texts and floor 0 where nothing was known.
    Column("device_known", Boolean, nullable=False),
    Column("premises_id", Text, nullable=False),
    Column("zone_id", Text, nullable=False),
    Column("zone_name", Text, nullable=False),
    Column("floor", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("observed_at", _INSTANT, nullable=False),
    Column("raised_at", _INSTANT, nullable=False),
    Column("value", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("profile", Text, nullable=False),
    Column("clock_skewed", Boolean, nullable=False),
    Column("restored_at", _INSTANT),
    Column("acknowledged_at", _INSTANT),
    Column("acknowledged_by", Text, nullable=False),
    Column("reset_at", _INSTANT),
    Column("reset_by", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("state in ('ACTIVE', 'ACKNOWLEDGED', 'RESET')", name="alarms_state"),
    CheckConstraint("(state = 'RESET') = (reset_at is not null)", name="alarms_reset_says_when"),
    CheckConstraint("state <> 'RESET' or restored_at is not null", name="alarms_reset_restored"),
    # One active alarm per device and kind, whoever tries.
    Index(
        "alarms_one_active",
        "device_id",
        "kind",
        unique=True,
        postgresql_where=text("state <> 'RESET'"),
    ),
    # One reading raises an alarm once, however often it is delivered.
    Index("alarms_one_per_reading", "device_id", "kind", "observed_at", unique=True),
    Index("alarms_newest", "raised_at", "alarm_id"),
    Index("alarms_of_premises", "premises_id", "raised_at", "alarm_id"),
)

# How far a detector has come in the stream of readings: everything up to here has had its effect in this database.
detector_positions = Table(
    "detector_positions",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("stream_sequence", BigInteger, nullable=False),
    # When the broker received that message.
    Column("received_at", _INSTANT, nullable=False),
)

outbox = outbox_table(metadata)
requests = requests_table(metadata)
