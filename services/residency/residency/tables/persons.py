"""The persons of the register."""

from sqlalchemy import (
    CheckConstraint,
    Column,
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
    Column("recorded_at", INSTANT, nullable=False),
    UniqueConstraint("number_index", name="persons_one_per_number"),
    CheckConstraint("sex in ('M', 'F')", name="persons_sex"),
    CheckConstraint("birth_day is null or birth_month is not null", name="persons_birth_date"),
)
