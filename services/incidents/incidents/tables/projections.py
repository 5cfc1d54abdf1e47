"""Premises and occupancies as other services last told them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from incidents.tables.metadata import metadata, moment, words

premises = Table(
    "premises",
    metadata,
    Column("premises_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    moment("as_of"),
    words("name"),
    words("address"),
    words("building_id"),
    # 0 where it is not known.
    Column("residential_group", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("latitude", Double, nullable=True),
    Column("longitude", Double, nullable=True),
    Column("adjoining_building_ids", ARRAY(Text), nullable=False),
    Column("adjoining_premises_ids", ARRAY(Text), nullable=False),
    Column("alley_building_ids", ARRAY(Text), nullable=False),
    words("alley"),
    Index("premises_of_building", "building_id"),
)

supply_points = Table(
    "supply_points",
    metadata,
    Column("supply_point_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    moment("as_of"),
    # A hydrant or water access; else a fire point.
    Column("is_water", Boolean, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

mutual_aid_groups = Table(
    "mutual_aid_groups",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    moment("as_of"),
    Column("dwelling_ids", ARRAY(Text), nullable=False),
)

NOT_ENDED = text("not ended")

device_modes = Table(
    "device_modes",
    metadata,
    Column("mode_id", Text, primary_key=True),
    words("premises_id"),
    Column("ended", Boolean, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("device_modes_in_force", "premises_id", postgresql_where=NOT_ENDED),
)

occupancies = Table(
    "occupancies",
    metadata,
    Column("dwelling_id", Text, primary_key=True),
    Column("building_id", Text, nullable=False, index=True),
    Column("floor", Integer, nullable=False),
    words("unit"),
    Column("version", BigInteger, nullable=False),
    moment("as_of"),
    Column("payload", LargeBinary, nullable=False),
)
