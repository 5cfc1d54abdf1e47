"""Which categories everybody may report; versions with source and first day, changed by migrations only."""

from sqlalchemy import Boolean, Column, Date, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.tables.metadata import metadata, words

public_services = Table(
    "public_services",
    metadata,
    Column("category", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    # False once it is out of use.
    Column("offered", Boolean, nullable=False),
    words("public_group"),
    words("description"),
    Column("keywords", ARRAY(Text), nullable=False),
    # Whether everybody may be told where its requests are.
    Column("position_public", Boolean, nullable=False),
    words("source"),
)
