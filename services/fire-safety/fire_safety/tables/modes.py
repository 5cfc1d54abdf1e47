"""Test and disablement of devices, and what was signalled meanwhile."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from fire_safety.tables.metadata import INSTANT, metadata

# How long a mode may last, seconds; changed by migrations only.
mode_policies = Table(
    "mode_policies",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    Column("longest_test_s", Integer, nullable=False),
    Column("longest_disablement_s", Integer, nullable=False),
)

device_modes = Table(
    "device_modes",
    metadata,
    Column("mode_id", Uuid, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The device, zone or premises that it was set for, by scope; and the premises of it, empty if not placed.
    Column("scope", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("premises_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("begins_at", INSTANT, nullable=False),
    # It suppresses until then, whether or not its end was noted by the timer.
    Column("ends_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    # Empty where it ended by itself.
    Column("ended_by", Text, nullable=False),
    CheckConstraint("kind in ('TEST', 'DISABLED')", name="device_modes_kind"),
    CheckConstraint("scope in ('DEVICE', 'ZONE', 'PREMISES')", name="device_modes_scope"),
    CheckConstraint("begins_at < ends_at", name="device_modes_end"),
    CheckConstraint("reason <> ''", name="device_modes_reason"),
    Index("device_modes_newest", "begins_at", "mode_id"),
    Index("device_modes_due", "ends_at", postgresql_where=text("ended_at is null")),
)

# Append-only, for the owner of the table as well.
suppressed_signals = Table(
    "suppressed_signals",
    metadata,
    Column("signal_id", BigInteger, Identity(always=True), primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("raised", Boolean, nullable=False),
    Column("pre_alarm", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    # Null where the device itself said that it is being tested.
    Column("mode_id", ForeignKey("device_modes.mode_id")),
    # As placed then; empty texts and floor 0 where nothing was known.
    Column("premises_id", Text, nullable=False),
    Column("zone_id", Text, nullable=False),
    Column("zone_name", Text, nullable=False),
    Column("floor", Integer, nullable=False),
    Column("observed_at", INSTANT, nullable=False),
    Column("received_at", INSTANT, nullable=False),
    Column("value", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("profile", Text, nullable=False),
    CheckConstraint("why in ('TEST', 'DISABLED')", name="suppressed_signals_why"),
    # One reading is recorded once, however often it is delivered.
    Index(
        "suppressed_signals_once",
        "device_id",
        "kind",
        "observed_at",
        "raised",
        "pre_alarm",
        unique=True,
    ),
    Index("suppressed_signals_of_premises", "premises_id", "signal_id"),
)
