"""The tables of the residence register and the constraints that keep its rules."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from chassis.access_log import access_records_table
from chassis.idempotency import requests_table
from chassis.outbox import outbox_table

metadata = MetaData()

buildings = Table(
    "buildings",
    metadata,
    Column("building_id", Uuid, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("residential_group", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("storeys", Integer, nullable=False),
    CheckConstraint("residential_group > 0 and storeys > 0", name="buildings_positive"),
)

dwellings = Table(
    "dwellings",
    metadata,
    Column("dwelling_id", Uuid, primary_key=True),
    Column("building_id", ForeignKey("buildings.building_id"), nullable=False),
    Column("floor", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    # Grows with every published count; the row's lock puts counts and versions into commit order.
    Column("occupancy_version", BigInteger, nullable=False, server_default="0"),
    # A timer: the day on which the counts change although nobody registers anything.
    Column("recount_on", Date, index=True),
    UniqueConstraint("building_id", "floor", "unit", name="dwellings_one_per_unit"),
)

persons = Table(
    "persons",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    # Key id, nonce and AES-256-GCM ciphertext of the identification number; never the number itself.
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("birth_year", SmallInteger, nullable=False),
    Column("birth_month", SmallInteger),
    Column("birth_day", SmallInteger),
    Column("sex", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("number_index", name="persons_one_per_number"),
    CheckConstraint("sex in ('M', 'F')", name="persons_sex"),
    CheckConstraint("birth_day is null or birth_month is not null", name="persons_birth_date"),
)

households = Table(
    "households",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("dwelling_id", ForeignKey("dwellings.dwelling_id"), nullable=False, index=True),
    Column("householder_id", ForeignKey("persons.person_id"), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
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
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("ended_on", Date),
    Column("end_recorded_at", DateTime(timezone=True)),
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

assistance_needs = Table(
    "assistance_needs",
    metadata,
    Column("person_id", ForeignKey("persons.person_id"), primary_key=True),
    Column("type", Text, primary_key=True),
    # When somebody asks again; the need counts until it is taken back.
    Column("review_on", Date, nullable=False),
    CheckConstraint(
        "type in ('MOBILITY', 'SIGHT', 'HEARING', 'INFANT', 'OXYGEN', 'PREGNANCY')",
        name="assistance_needs_type",
    ),
)

# Legal numbers with their source, by the day they came into force; changed by migrations only.
legal_limits = Table(
    "legal_limits",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("source", Text, nullable=False),
)

# Which files were loaded, by the digest of their manifest, so that loading again changes nothing.
imports = Table(
    "imports",
    metadata,
    Column("manifest_digest", LargeBinary, primary_key=True),
    Column("imported_at", DateTime(timezone=True), nullable=False),
)

outbox = outbox_table(metadata)
requests = requests_table(metadata)
access_records = access_records_table(metadata)
