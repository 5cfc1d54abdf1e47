"""The catalogue: versions with source and first day; changed by migrations only, a published version never."""

from sqlalchemy import Column, Date, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.calendar.decided_days import decided_days_table
from incidents.tables.metadata import metadata, words

categories = Table(
    "categories",
    metadata,
    Column("code", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    words("kind"),
    words("name_vi"),
    words("name_en"),
    words("priority"),
    # Who may report it; nobody, once it is out of use.
    Column("reporters", ARRAY(Text), nullable=False),
    words("routed_to"),
    words("call_first"),
    Column("same_within_m", Integer, nullable=False),
    Column("same_within_min", Integer, nullable=False),
    Column("retention_months", Integer, nullable=False),
    words("source"),
)

# A later version replaces the clock of its category and kind.
category_clocks = Table(
    "category_clocks",
    metadata,
    Column("category", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("amount", Integer, nullable=False),
    words("unit"),
    words("source"),
)

priorities = Table(
    "priorities",
    metadata,
    Column("priority", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    words("name_vi"),
    words("name_en"),
    # Null where nobody is woken.
    Column("acknowledge_within_s", Integer, nullable=True),
    words("source"),
)

# Days that are or are not worked whatever the rule says; changed by migrations only.
decided_days = decided_days_table(metadata)
