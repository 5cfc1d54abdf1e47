"""Buildings and the lawful dwellings in them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from residency.tables.metadata import metadata

buildings = Table(
    "buildings",
    metadata,
    Column("building_id", Uuid, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("residential_group", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("storeys", Integer, nullable=False),
    CheckConstraint("residential_group > 0 and storeys > 0", name="buildings_positive"),
)

dwellings = Table(
    "dwellings",
    metadata,
    Column("dwelling_id", Uuid, primary_key=True),
    Column("building_id", ForeignKey("buildings.building_id"), nullable=False),
    Column("floor", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    # Grows with every published count; the row's lock puts counts and versions into commit order.
    Column("occupancy_version", BigInteger, nullable=False, server_default="0"),
    # A timer: the day on which the counts change although nobody registers anything.
    Column("recount_on", Date, index=True),
    UniqueConstraint("building_id", "floor", "unit", name="dwellings_one_per_unit"),
)
