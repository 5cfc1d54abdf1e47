"""Incidents, their timelines and their numbers."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from incidents.tables.metadata import incident_id, metadata, moment, words

# Conditions of partial indexes, as text: a bound parameter would hide from PostgreSQL that an index fits.
OPEN_FIRE = text("kind = 'FIRE' and state <> 'CLOSED'")

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    words("ward_code"),
    words("number"),
    words("kind"),
    words("state"),
    words("priority"),
    words("place_key"),
    words("premises_id"),
    words("place"),
    words("address"),
    moment("opened_at"),
    moment("acknowledged_at", nullable=True),
    words("acknowledged_by"),
    words("assignee"),
    moment("closed_at", nullable=True),
    Column("disposition", Text, nullable=True),
    Column("step", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    UniqueConstraint("ward_code", "number", name="incident_number_is_unique"),
    CheckConstraint("kind in ('FIRE')", name="kind_is_known"),
    CheckConstraint(
        "state in ('REPORTED', 'ACKNOWLEDGED', 'ASSIGNED', 'CLOSED')", name="state_is_known"
    ),
    CheckConstraint("priority in ('P1', 'P2')", name="priority_is_known"),
    CheckConstraint(
        "(state = 'CLOSED') = (closed_at is not null)"
        " and (closed_at is null) = (disposition is null)",
        name="closed_says_when_and_what",
    ),
    CheckConstraint("(state = 'REPORTED') = (acknowledged_at is null)", name="taken_on_says_when"),
    # One open fire incident per premises, or per device where the premises are not known.
    Index(
        "one_open_fire_per_place",
        "ward_code",
        "place_key",
        unique=True,
        postgresql_where=OPEN_FIRE,
    ),
    Index("incidents_newest_first", "opened_at", "incident_id"),
    Index("incidents_of_premises", "premises_id", "opened_at", "incident_id"),
)

# Append-only, by privilege and by trigger.
timeline = Table(
    "timeline",
    metadata,
    incident_id(primary_key=True),
    Column("sequence", Integer, primary_key=True),
    moment("at"),
    words("kind"),
    words("actor"),
    words("text"),
)

incident_numbers = Table(
    "incident_numbers",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
