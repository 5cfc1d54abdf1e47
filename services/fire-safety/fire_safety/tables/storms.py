"""Storms: times when many premises alarmed at once."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, Uuid, text

from fire_safety.tables.metadata import INSTANT, metadata

# When a storm begins and ends; changed by migrations only.
storm_policies = Table(
    "storm_policies",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    # So many premises with new fire alarms within so many seconds.
    Column("begins_at_premises", Integer, nullable=False),
    Column("within_s", Integer, nullable=False),
    # Fewer than so many within so many seconds.
    Column("ends_below_premises", Integer, nullable=False),
    Column("calm_s", Integer, nullable=False),
    CheckConstraint(
        "ends_below_premises <= begins_at_premises and calm_s >= within_s",
        name="storm_policies_hysteresis",
    ),
)

storms = Table(
    "storms",
    metadata,
    Column("storm_id", Uuid, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("began_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("most_premises", Integer, nullable=False),
    Column("policy_version", Integer, nullable=False),
    # One storm is on at a time, whoever finds it.
    Index("storms_one_open", "ward_code", unique=True, postgresql_where=text("ended_at is null")),
)
