"""Households and residence registrations."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from residency.tables.metadata import INSTANT, metadata

households = Table(
    "households",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("dwelling_id", ForeignKey("dwellings.dwelling_id"), nullable=False, index=True),
    Column("householder_id", ForeignKey("persons.person_id"), nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
)

# Bitemporal: valid_from, valid_until and ended_on say when it was so, recorded_at and end_recorded_at since when
# we know. A row is entered once and ended at most once, so that what was known at any time can be told.
registrations = Table(
    "registrations",
    metadata,
    Column("registration_id", Uuid, primary_key=True),
    Column("person_id", ForeignKey("persons.person_id"), nullable=False),
    Column("dwelling_id", ForeignKey("dwellings.dwelling_id"), nullable=False, index=True),
    Column("household_id", ForeignKey("households.household_id"), nullable=False),
    Column("kind", Text, nullable=False),
    # As on the register, `con đẻ`; empty where it was not said.
    Column("relationship_to_householder", Text, nullable=False, server_default=""),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("recorded_at", INSTANT, nullable=False),
    Column("ended_on", Date),
    Column("end_recorded_at", INSTANT),
    Column("ends_on", Date, Computed("coalesce(ended_on, valid_until)", persisted=True)),
    CheckConstraint("kind in ('PERMANENT', 'TEMPORARY')", name="registrations_kind"),
    CheckConstraint("valid_from < valid_until", name="registrations_term"),
    CheckConstraint("ended_on between valid_from and valid_until", name="registrations_end"),
    CheckConstraint(
        "(ended_on is null) = (end_recorded_at is null)", name="registrations_end_recorded"
    ),
    ExcludeConstraint(
        (Column("person_id"), "="),
        (func.daterange(literal_column("valid_from"), literal_column("ends_on")), "&&"),
        name="registrations_one_permanent",
        using="gist",
        where="kind = 'PERMANENT'",
    ),
)
