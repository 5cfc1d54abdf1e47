"""The limits that readings and the register are judged by: changed by migrations only."""

from sqlalchemy import CheckConstraint, Column, Double, Identity, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from fire_safety.tables.metadata import INSTANT, metadata

detection_profiles = Table(
    "detection_profiles",
    metadata,
    Column("profile_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    # As `DetectionLimits` says.
    Column("limits", JSONB, nullable=False),
)

# Which profile judges a device that names none: the row that says most of it, of several the newest in force.
profile_assignments = Table(
    "profile_assignments",
    metadata,
    Column("assignment_id", Integer, Identity(always=True), primary_key=True),
    # Null is any.
    Column("device_kind", Text),
    Column("premises_kind", Text),
    Column("premises_id", Text),
    Column("profile_id", Text, nullable=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
)

ingestion_limits = Table(
    "ingestion_limits",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", INSTANT, nullable=False),
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
    Column("carbon_monoxide_min", Double, nullable=False, server_default="0"),
    Column("carbon_monoxide_max", Double, nullable=False, server_default="100000"),
)

# How much of what one device sends is stored.
recording_limits = Table(
    "recording_limits",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    # On and on, and so many more at once.
    Column("readings_per_s", Double, nullable=False),
    Column("burst_readings", Integer, nullable=False),
    CheckConstraint("readings_per_s > 0 and burst_readings > 0", name="recording_limits_positive"),
)

test_intervals = Table(
    "test_intervals",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    # A device that was not tested for longer is told as overdue.
    Column("interval_days", Integer, nullable=False),
    CheckConstraint("interval_days > 0", name="test_intervals_interval"),
)
