"""What was observed."""

from sqlalchemy import REAL, BigInteger, Column, Table, Text

from fire_safety.tables.metadata import INSTANT, metadata

# Append-only. The key makes storing idempotent; it is also the index that charts read by.
readings = Table(
    "readings",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("observed_at", INSTANT, primary_key=True),
    Column("received_at", INSTANT, nullable=False),
    Column("optical_density", REAL),
    Column("temperature", REAL),
    Column("battery", REAL),
    Column("conditions", BigInteger, nullable=False),
)
