"""Premises and occupancies as other services last told them."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

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
    Column("payload", LargeBinary, nullable=False),
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
