"""The register of personal data breaches; no column holds personal data."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from residency.tables.metadata import INSTANT, metadata

breaches = Table(
    "breaches",
    metadata,
    Column("breach_id", Uuid, primary_key=True),
    Column("breach_number", Text, nullable=False, unique=True),
    Column("ward_code", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("found_at", INSTANT, nullable=False),
    # A function, never a name.
    Column("found_by", Text, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    # Account; empty for the platform.
    Column("recorded_by", Text, nullable=False),
    Column("notify_by", INSTANT, nullable=False),
    # When the running clock is told of next; null if it is told of no more.
    Column("alert_at", INSTANT),
    # Account whose looks are the suspicion; empty where nobody's are.
    Column("suspect", Text, nullable=False),
    # What is known: null as a whole while it is only suspected.
    Column("categories", ARRAY(Text)),
    Column("persons", BigInteger),
    Column("records", BigInteger),
    Column("description", Text),
    Column("consequences", Text),
    Column("measures", Integer, nullable=False),
    Column("notified_at", INSTANT),
    Column("authority_reference", Text, nullable=False),
    Column("waived_at", INSTANT),
    CheckConstraint(
        "state in ('SUSPECTED', 'OPEN', 'CLOSED', 'DISMISSED')", name="breaches_state"
    ),
    CheckConstraint("source in ('REPORTED', 'DECOY')", name="breaches_source"),
    CheckConstraint("(source = 'DECOY') = (suspect <> '')", name="breaches_suspect"),
    CheckConstraint(
        "num_nulls(categories, persons, records, description, consequences) in (0, 5)",
        name="breaches_nature",
    ),
    CheckConstraint(
        "state not in ('OPEN', 'CLOSED') or categories is not null", name="breaches_known"
    ),
    CheckConstraint("found_at <= recorded_at", name="breaches_found"),
    # A breach is closed when the authority was told, or need not be, and something was done.
    CheckConstraint(
        "state <> 'CLOSED'"
        " or (measures > 0 and (notified_at is not null or waived_at is not null))",
        name="breaches_settled",
    ),
    # One suspicion of an account at a time, whichever replica sees its looks.
    Index(
        "breaches_one_suspicion",
        "suspect",
        unique=True,
        postgresql_where=text("state = 'SUSPECTED'"),
    ),
    Index("breaches_oldest", "found_at", "breach_id"),
    Index("breaches_alert", "alert_at", postgresql_where=text("alert_at is not null")),
)

# Append-only, for the owner of the table as well.
breach_history = Table(
    "breach_history",
    metadata,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("breach_id", ForeignKey("breaches.breach_id"), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("act", Text, nullable=False),
    # Empty for the platform.
    Column("account", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("breach_history_of_breach", "breach_id", "entry_id"),
)

# The last running number of a series and year: VP breaches, YC requests of data subjects, HS cases officers alone see.
running_numbers = Table(
    "running_numbers",
    metadata,
    Column("series", Text, primary_key=True),
    Column("ward_code", Text, primary_key=True),
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
