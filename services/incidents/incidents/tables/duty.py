"""Units, officers, shifts and the roster."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.tables.metadata import metadata, moment, words

HOLDS = text("withdrawn_at is null")

units = Table("units", metadata, Column("code", Text, primary_key=True), words("name"))

# How an officer is reached lies sealed; `channels` says by which ways, in their order.
officers = Table(
    "officers",
    metadata,
    Column("account", Text, primary_key=True),
    Column("unit_code", Text, ForeignKey("units.code"), nullable=False),
    Column("channels", ARRAY(Text), nullable=False),
    Column("contacts_sealed", LargeBinary, nullable=False),
)

shifts = Table(
    "shifts",
    metadata,
    Column("code", Text, primary_key=True),
    words("name"),
    Column("begins_min", Integer, nullable=False),
    Column("lasts_min", Integer, nullable=False),
)

# Who entered and who withdrew a duty stays; one that has begun is ended rather than withdrawn.
duties = Table(
    "duties",
    metadata,
    Column("duty_id", Uuid, primary_key=True),
    words("function"),
    Column("account", Text, ForeignKey("officers.account"), nullable=False),
    words("shift_code"),
    moment("begins_at"),
    moment("ends_at", nullable=True),
    words("entered_by"),
    moment("entered_at"),
    words("withdrawn_by"),
    moment("withdrawn_at", nullable=True),
    CheckConstraint("ends_at is null or begins_at <= ends_at", name="duty_ends_after_it_begins"),
    Index(
        "one_duty_at_a_time",
        "function",
        "account",
        "begins_at",
        unique=True,
        postgresql_where=HOLDS,
    ),
    Index("duties_by_time", "begins_at", "ends_at", postgresql_where=HOLDS),
)

substitutions = Table(
    "substitutions",
    metadata,
    Column("substitution_id", Uuid, primary_key=True),
    Column("account", Text, ForeignKey("officers.account"), nullable=False),
    Column("substitute", Text, ForeignKey("officers.account"), nullable=False),
    moment("begins_at"),
    moment("ends_at"),
    words("entered_by"),
    moment("entered_at"),
    CheckConstraint("begins_at < ends_at", name="substitution_ends_after_it_begins"),
    CheckConstraint("account <> substitute", name="nobody_stands_in_for_themselves"),
)

# How many must be there, with source and first day; changed by migrations only, a published version never.
duty_requirements = Table(
    "duty_requirements",
    metadata,
    Column("function", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("at_least", Integer, nullable=False),
    words("source"),
)
