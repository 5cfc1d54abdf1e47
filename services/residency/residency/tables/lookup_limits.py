"""How much callers may look up, and how much they did."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Integer, Table, Text

from residency.tables.metadata import INSTANT, metadata

# Of each pattern and role the newest row that has come into force holds. Changed by migrations only.
lookup_limits = Table(
    "lookup_limits",
    metadata,
    Column("pattern", Text, primary_key=True),
    # A role of callers, or `*` for those without a row of their own.
    Column("role", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("window_s", Integer, nullable=False),
    Column("most", Integer, nullable=False),
    Column("source", Text, nullable=False),
    CheckConstraint("window_s > 0 and most > 0", name="lookup_limits_positive"),
)

# Counts of all replicas, by the begin of the window.
lookup_usage = Table(
    "lookup_usage",
    metadata,
    Column("account", Text, primary_key=True),
    Column("pattern", Text, primary_key=True),
    Column("window_start", INSTANT, primary_key=True, index=True),
    Column("count", BigInteger, nullable=False),
)
