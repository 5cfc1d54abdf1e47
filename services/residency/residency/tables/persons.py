"""The persons of the register, and what it said of them before."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from residency.tables.metadata import INSTANT, metadata

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
    # ISO 3166-1 alpha-3.
    Column("nationality", Text, nullable=False, server_default="VNM"),
    # Sealed as the number is; the telephone number is found by a blind index of its own.
    Column("phone_sealed", LargeBinary),
    Column("phone_index", LargeBinary, index=True),
    Column("email_sealed", LargeBinary),
    Column("recorded_at", INSTANT, nullable=False),
    # The record that stands for this one, while both are known to be of one person; it stands for itself.
    Column("merged_into", ForeignKey("persons.person_id"), index=True),
    UniqueConstraint("number_index", name="persons_one_per_number"),
    CheckConstraint("merged_into <> person_id", name="persons_merged_into_another"),
    CheckConstraint("nationality ~ '^[A-Z]{3}$'", name="persons_nationality"),
    CheckConstraint("(phone_sealed is null) = (phone_index is null)", name="persons_phone"),
    CheckConstraint("sex in ('M', 'F')", name="persons_sex"),
    CheckConstraint("birth_day is null or birth_month is not null", name="persons_birth_date"),
    Index("persons_born", "birth_year", "sex"),
)

# What the register said of a person before each correction: append-only, for the owner of the table as well; only the
# number is sealed anew when the key changes. A row holds the whole identity, so that what was known at any instant is
# one row.
person_corrections = Table(
    "person_corrections",
    metadata,
    Column("correction_id", Uuid, primary_key=True),
    Column("person_id", ForeignKey("persons.person_id"), nullable=False),
    # Until when it was held true, who corrected it, and in which case.
    Column("corrected_at", INSTANT, nullable=False),
    Column("corrected_by", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("birth_year", SmallInteger, nullable=False),
    Column("birth_month", SmallInteger),
    Column("birth_day", SmallInteger),
    Column("sex", Text, nullable=False),
    Column("nationality", Text, nullable=False),
    Index("person_corrections_of_person", "person_id", "corrected_at"),
    Index("person_corrections_of_number", "number_index"),
)
