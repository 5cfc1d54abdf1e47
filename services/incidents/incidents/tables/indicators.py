"""Indicators and reviews of the plan, versions with their source, and the figures that the authority enters."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, Table, Text

from incidents.tables.metadata import metadata, moment, words

# Changed by migrations only, a published version never.
indicators = Table(
    "indicators",
    metadata,
    Column("code", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("position", Integer, nullable=False),
    # By the authority; else it is measured here.
    Column("entered", Boolean, nullable=False),
    words("unit"),
    words("name_vi"),
    words("name_en"),
    words("numerator_vi"),
    words("denominator_vi"),
    Column("at_least_percent", Integer, nullable=True),
    Column("at_most_percent", Integer, nullable=True),
    words("source"),
)

# Likewise.
review_periods = Table(
    "review_periods",
    metadata,
    Column("code", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    words("name_vi"),
    words("name_en"),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    words("source"),
)

# Append-only, by privilege and by trigger: a correction is a new revision, and the newest counts.
entered_figures = Table(
    "entered_figures",
    metadata,
    Column("indicator", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("numerator", BigInteger, nullable=False),
    Column("denominator", BigInteger, nullable=True),
    Column("as_of", Date, nullable=False),
    words("source"),
    words("entered_by"),
    moment("entered_at"),
)
