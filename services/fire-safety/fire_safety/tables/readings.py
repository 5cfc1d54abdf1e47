"""What was observed, what it amounts to by the hour, and how long each is kept."""

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from fire_safety.tables.metadata import INSTANT, metadata

# Append-only, a partition a day. The key makes storing idempotent; it is also the index that charts read by.
readings = Table(
    "readings",
    metadata,
    Column("observed_at", INSTANT, nullable=False),
    Column("received_at", INSTANT, nullable=False),
    Column("conditions", BigInteger, nullable=False),
    Column("optical_density", REAL),
    Column("temperature", REAL),
    Column("battery", REAL),
    Column("carbon_monoxide", REAL),
    Column("device_id", Text, nullable=False),
    PrimaryKeyConstraint("device_id", "observed_at", name="readings_pkey"),
    postgresql_partition_by="RANGE (observed_at)",
)


def _measure(name: str) -> list[Column[object]]:
    """Declare what is kept of one measure: with the sum and the count, averages of hours add up to those of days."""
    return [
        Column(f"{name}_count", BigInteger, nullable=False),
        Column(f"{name}_sum", Double),
        Column(f"{name}_min", REAL),
        Column(f"{name}_max", REAL),
    ]


# What a device's readings of an hour amount to; a partition a month.
readings_hourly = Table(
    "readings_hourly",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("hour", INSTANT, primary_key=True),
    Column("readings", BigInteger, nullable=False),
    Column("conditions", BigInteger, nullable=False),
    Column("battery_min", REAL),
    *_measure("optical_density"),
    *_measure("temperature"),
    *_measure("carbon_monoxide"),
    postgresql_partition_by="RANGE (hour)",
)

# Hours with readings that the figures do not know yet: added in the transaction of the readings, never changed,
# so that recorders do not wait for each other.
rollup_due = Table(
    "rollup_due",
    metadata,
    Column("hour", INSTANT, nullable=False, index=True),
    # Those whose readings came late; null means any.
    Column("device_ids", ARRAY(Text)),
)

# Readings of devices without a clock, by the device's own count and a digest of what they say: a device that was
# restarted counts anew.
reading_sequences = Table(
    "reading_sequences",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("digest", BigInteger, primary_key=True),
    Column("observed_at", INSTANT, nullable=False),
)

# Changed by migrations only.
retention_policies = Table(
    "retention_policies",
    metadata,
    Column("what", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    Column("keep_days", Integer, nullable=False),
    CheckConstraint(
        "what in ('readings', 'readings_hourly', 'reading_sequences', 'system_status')",
        name="retention_policies_what",
    ),
    CheckConstraint(
        "keep_days >= case what when 'readings' then 15 else 1 end",
        name="retention_policies_keep_days",
    ),
)
