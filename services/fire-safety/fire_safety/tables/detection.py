"""Where detection and recording stand."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text

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

# How far recording has come: everything up to here is stored, or is a dead letter.
recorder_positions = Table(
    "recorder_positions",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("stream_sequence", BigInteger, nullable=False),
)

# Of which stream those are places: one that was made anew counts from one again. The recorder has one place for all
# partitions, under partition 0.
lane_streams = Table(
    "lane_streams",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    # When the broker made it.
    Column("created_at", INSTANT, nullable=False),
    CheckConstraint("lane in ('detector', 'recorder')", name="lane_streams_lane"),
)
