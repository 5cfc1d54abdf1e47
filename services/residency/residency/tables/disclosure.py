"""What each role may see for each purpose."""

from sqlalchemy import CheckConstraint, Column, Date, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from residency.tables.metadata import metadata

# Of each purpose, role and way the newest rule that has come into force holds; without one nothing is shown. No fields
# end what a rule before allowed. Changed by migrations only.
disclosure_rules = Table(
    "disclosure_rules",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("way", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("fields", ARRAY(Text), nullable=False),
    Column("source", Text, nullable=False),
    CheckConstraint(
        "way in ('LOOKUP', 'BREAK_GLASS', 'REVIEW', 'CASE', 'COMPARISON')",
        name="disclosure_rules_way",
    ),
)
