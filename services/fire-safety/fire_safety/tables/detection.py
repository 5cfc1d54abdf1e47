"""Where detection stands."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from fire_safety.tables.metadata import INSTANT, metadata

# How far detection has come in the stream of readings: everything of the partition's devices up to here has had its
# effect in this database.
detector_positions = Table(
    "detector_positions",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("stream_sequence", BigInteger, nullable=False),
    # When the broker received that message.
    Column("received_at", INSTANT, nullable=False),
    # Since when everybody could be heard.
    Column("heard_since", INSTANT, nullable=False),
)
