"""Persons who do not exist, entered so that whoever looks at them is noticed."""

from sqlalchemy import Column, ForeignKey, Table

from residency.tables.metadata import INSTANT, metadata

# They are marked here only: in the register they look like anybody else. They live nowhere, so they are in no count.
decoys = Table(
    "decoys",
    metadata,
    Column("person_id", ForeignKey("persons.person_id"), primary_key=True),
    Column("created_at", INSTANT, nullable=False),
)
