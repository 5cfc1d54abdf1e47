"""Residence registrations, and the households people belong to."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from residency.tables.bitemporal import bitemporal, days
from residency.tables.metadata import INSTANT, metadata

households = Table(
    "households",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("dwelling_id", ForeignKey("dwellings.dwelling_id"), nullable=False, index=True),
    Column("recorded_at", INSTANT, nullable=False),
)

registrations = Table(
    "registrations",
    metadata,
    Column("registration_id", Uuid, primary_key=True),
    Column("person_id", ForeignKey("persons.person_id"), nullable=False, index=True),
    Column("dwelling_id", ForeignKey("dwellings.dwelling_id"), nullable=False, index=True),
    # The household it was registered in; where the person belongs since is told by the memberships.
    Column("household_id", ForeignKey("households.household_id"), nullable=False),
    Column("kind", Text, nullable=False),
    *bitemporal("registrations", "registration_id"),
    Index(
        "registrations_ending",
        "valid_until",
        postgresql_where=text("kind = 'TEMPORARY' and ended_on is null and superseded_at is null"),
    ),
    CheckConstraint("kind in ('PERMANENT', 'TEMPORARY')", name="registrations_kind"),
    ExcludeConstraint(
        (Column("person_id"), "="),
        (days(), "&&"),
        name="registrations_one_permanent",
        using="gist",
        where="kind = 'PERMANENT' and superseded_at is null",
    ),
)

# What a member is to the householder; changed by migrations only.
household_relationships = Table(
    "household_relationships",
    metadata,
    Column("code", Text, primary_key=True),
    Column("position", Integer, nullable=False, unique=True),
    Column("name_vi", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
)

household_memberships = Table(
    "household_memberships",
    metadata,
    Column("membership_id", Uuid, primary_key=True),
    Column("household_id", ForeignKey("households.household_id"), nullable=False, index=True),
    Column("person_id", ForeignKey("persons.person_id"), nullable=False),
    # The registration it came with and ends with.
    Column(
        "registration_id",
        ForeignKey("registrations.registration_id"),
        nullable=False,
        index=True,
    ),
    # Null where it was not said.
    Column("relationship_to_householder", ForeignKey("household_relationships.code")),
    *bitemporal("household_memberships", "membership_id"),
    ExcludeConstraint(
        (Column("person_id"), "="),
        (days(), "&&"),
        name="household_memberships_one",
        using="gist",
        where="superseded_at is null",
    ),
    ExcludeConstraint(
        (Column("household_id"), "="),
        (days(), "&&"),
        name="household_memberships_one_householder",
        using="gist",
        where="relationship_to_householder = 'HOUSEHOLDER' and superseded_at is null",
    ),
)
