"""Premises, devices and the neighbourhood's means against fire."""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Sequence,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from fire_safety.tables.metadata import INSTANT, metadata

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
    # Who is at risk beside it, and who works there when.
    Column("surroundings", JSONB),
    Column("workplace", JSONB),
    Column("last_inspected_on", Date),
    Column("inspection_due_on", Date),
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
    Column("kind", Text, nullable=False, server_default="SMOKE_HEAT"),
    Column("firmware", Text, nullable=False, server_default=""),
    Column("protocol", Text, nullable=False, server_default="NATS"),
    Column("payload_format", Text, nullable=False, server_default="NATIVE"),
    # Of the place where it hangs, while it has no zone; 0 is not known.
    Column("floor", Integer, nullable=False, server_default="0"),
    # The device that reports for it.
    Column("gateway_id", ForeignKey("devices.device_id"), index=True),
    # The households whose devices are interlinked with it.
    Column("mutual_aid_group_id", ForeignKey("mutual_aid_groups.group_id"), index=True),
    Column("installed_on", Date),
    Column("end_of_life_on", Date),
    Column("last_tested_on", Date),
    # Nobody has seen it work since.
    Column("last_test_failed", Boolean, nullable=False, server_default="false"),
    # Taken down for good: watched no more; what it signals is told as of an unknown device.
    Column("retired", Boolean, nullable=False, server_default="false"),
    # When the register's entry last changed; the detector learns of changes by it.
    Column("changed_at", INSTANT, nullable=False, index=True),
    # All these are stored late and in bulk; the newest are in the detector's memory.
    Column("last_seen_at", INSTANT),
    Column("clean_air", REAL, nullable=False, server_default="0"),
    Column("gas_dose", REAL, nullable=False, server_default="0"),
    # How far its clock is ahead of the broker's, and whether that is more than its profile allows.
    Column("clock_offset_s", Double, nullable=False, server_default="0"),
    Column("clock_skewed", Boolean, nullable=False, server_default="false"),
    CheckConstraint("device_id ~ '^[A-Za-z0-9_-]{1,64}$'", name="devices_id_fits_subjects"),
    CheckConstraint("interval_s > 0", name="devices_interval"),
)

# Append-only: no role may change or delete.
device_changes = Table(
    "device_changes",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    # The account, or `import`.
    Column("changed_by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("note", Text, nullable=False),
    # What was entered, as it is after the change.
    Column("entry", JSONB, nullable=False),
    Index("device_changes_of_device", "device_id", "position"),
)

supply_points = Table(
    "supply_points",
    metadata,
    Column("supply_point_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("residential_group", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("equipment", Text, nullable=False),
    Column("custodian_function", Text, nullable=False),
    Column("access_width_m", Double, nullable=False),
    Column("last_inspected_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_note", Text, nullable=False),
    Column("state_as_of", Date, nullable=False),
    # 0 is one that was entered before changes were told.
    Column("version", BigInteger, nullable=False),
)

mutual_aid_group_versions = Sequence("mutual_aid_group_versions", metadata=metadata)


mutual_aid_groups = Table(
    "mutual_aid_groups",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("residential_group", Integer, nullable=False),
    Column("name", Text, nullable=False),
    # Of the newest change that was told; 0 is one that was entered before changes were told.
    Column("version", BigInteger, nullable=False, server_default="0"),
)

mutual_aid_members = Table(
    "mutual_aid_members",
    metadata,
    Column("group_id", ForeignKey("mutual_aid_groups.group_id"), primary_key=True),
    # A dwelling of the residence register.
    Column("dwelling_id", Text, primary_key=True),
)
