"""By which words persons and buildings are found: what can be worked out again from the names and addresses.

A row is written in the transaction that writes or changes its name or address. The names are in the clear as they are
in `persons`, and are read for those who may see them.
"""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from residency.tables.metadata import metadata

# Terms are entered many at a time: what waits for it is looked through by each search, so that little may wait.
_WAITING_KB = 64

# Compares bytes, which the order of plain letters is, and lets an index find what begins with some.
_PLAIN = Text(collation="C")

person_index = Table(
    "person_index",
    metadata,
    Column("person_id", Uuid, ForeignKey("persons.person_id"), primary_key=True),
    # The name as it is compared, without diacritics, and its words in the order of the alphabet.
    Column("spelled", _PLAIN, nullable=False),
    Column("plain", _PLAIN, nullable=False),
    Column("unordered", _PLAIN, nullable=False),
    Column("terms", ARRAY(Text), nullable=False),
    # Where the name stands in a Vietnamese list; compares as bytes do.
    Column("place", LargeBinary, nullable=False),
    Index("person_index_names", "plain", "spelled", "place", "person_id"),
    Index("person_index_spelled", "spelled", "place", "person_id"),
    Index("person_index_unordered", "unordered", "place", "person_id"),
    Index(
        "person_index_terms",
        "terms",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": _WAITING_KB},
    ),
)

building_index = Table(
    "building_index",
    metadata,
    Column("building_id", Uuid, ForeignKey("buildings.building_id"), primary_key=True),
    # What addresses of the same building share.
    Column("key", Text, nullable=False, index=True),
    Column("terms", ARRAY(Text), nullable=False),
    Index(
        "building_index_terms",
        "terms",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": _WAITING_KB},
    ),
)
