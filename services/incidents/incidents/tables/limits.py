"""Legal numbers."""

from sqlalchemy import Column, Date, Integer, Table, Text

from incidents.tables.metadata import metadata, words

# Legal numbers with their source, by the day they came into force; changed by migrations only.
legal_limits = Table(
    "legal_limits",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("value", Integer, nullable=False),
    words("unit"),
    words("source"),
)
