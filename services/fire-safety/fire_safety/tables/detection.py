"""Where detection stands."""

from sqlalchemy import BigInteger, Column, Table, Text

from fire_safety.tables.metadata import INSTANT, metadata

# How far a detector has come in the stream of readings: everything up to here has had its effect in this database.
detector_positions = Table(
    "detector_positions",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("stream_sequence", BigInteger, nullable=False),
    # When the broker received that message.
    Column("received_at", INSTANT, nullable=False),
)
