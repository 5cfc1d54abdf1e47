"""Buildings and the lawful dwellings in them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
)

from residency.tables.metadata import INSTANT, metadata

buildings = Table(
    "buildings",
    metadata,
    Column("building_id", Uuid, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("residential_group", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("storeys", Integer, nullable=False),
    # WGS 84 in degrees; null where it was not surveyed.
    Column("latitude", Double),
    Column("longitude", Double),
    # Where declarations of foreigners have more time (Law 47/2014/QH13 Art. 33).
    Column("remote_area", Boolean, nullable=False, server_default=false()),
    CheckConstraint("residential_group > 0 and storeys > 0", name="buildings_positive"),
    CheckConstraint("(latitude is null) = (longitude is null)", name="buildings_position_whole"),
    CheckConstraint(
        "latitude between -90 and 90 and longitude between -180 and 180",
        name="buildings_position",
    ),
)

dwellings = Table(
    "dwellings",
    metadata,
    Column("dwelling_id", Uuid, primary_key=True),
    Column("building_id", ForeignKey("buildings.building_id"), nullable=False),
    Column("floor", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    # By what right people live there; null where it was not said.
    Column("legal_basis", Text),
    # Grows with every published count; the row's lock puts counts and versions into commit order.
    Column("occupancy_version", BigInteger, nullable=False, server_default="0"),
    # A timer: when the counts change although nobody registers anything.
    Column("recount_at", INSTANT, index=True),
    # When they were counted last; by a clock that was ahead, in the future.
    Column("counted_at", INSTANT, index=True),
    UniqueConstraint("building_id", "floor", "unit", name="dwellings_one_per_unit"),
    CheckConstraint(
        "legal_basis in ('OWNED', 'RENTED', 'BORROWED', 'DORMITORY')",
        name="dwellings_legal_basis",
    ),
)

# What was said of a place until it was changed, and who changed it: of a dwelling its legal basis, of a building its
# position. Rows are never changed.
place_changes = Table(
    "place_changes",
    metadata,
    Column("change_id", Uuid, primary_key=True),
    Column("dwelling_id", ForeignKey("dwellings.dwelling_id"), index=True),
    Column("building_id", ForeignKey("buildings.building_id"), index=True),
    Column("changed_at", INSTANT, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("legal_basis", Text),
    Column("latitude", Double),
    Column("longitude", Double),
    CheckConstraint("num_nonnulls(dwelling_id, building_id) = 1", name="place_changes_one_place"),
)
