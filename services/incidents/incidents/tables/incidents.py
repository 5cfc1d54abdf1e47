"""Incidents, their timelines and their numbers."""

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority
from incidents.tables.metadata import incident_id, metadata, moment, words


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


# Conditions of partial indexes, as text: a bound parameter would hide from PostgreSQL that an index fits.
_ENDED = "('RESOLVED', 'CLOSED', 'TRANSFERRED', 'FALSE_ALARM', 'DUPLICATE')"
OPEN_FIRE = text(f"kind = 'FIRE' and state not in {_ENDED}")
DUPLICATES = text("duplicate_of is not null")

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
    Column("category", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("reopenings", Integer, nullable=False),
    Column("latitude", Double, nullable=True),
    Column("longitude", Double, nullable=True),
    Column("duplicate_of", Uuid, ForeignKey("incidents.incident_id"), nullable=True),
    moment("ended_at", nullable=True),
    Column("exercise", Boolean, nullable=False),
    CheckConstraint(
        "not exercise or disposition is null or disposition = 'DRILL'", name="exercise_is_a_drill"
    ),
    CheckConstraint(f"kind in ({_listed(IncidentKind)})", name="kind_is_known"),
    CheckConstraint(f"state in ({_listed(IncidentState)})", name="state_is_known"),
    CheckConstraint(f"priority in ({_listed(Priority)})", name="priority_is_known"),
    CheckConstraint(
        "(state = 'CLOSED') = (closed_at is not null)"
        " and (closed_at is null) = (disposition is null)",
        name="closed_says_when_and_what",
    ),
    CheckConstraint("(state = 'REPORTED') = (acknowledged_at is null)", name="taken_on_says_when"),
    CheckConstraint(f"(state in {_ENDED}) = (ended_at is not null)", name="ended_says_when"),
    CheckConstraint(
        "(state = 'DUPLICATE') = (duplicate_of is not null) and duplicate_of <> incident_id",
        name="duplicate_says_of_what",
    ),
    CheckConstraint("(latitude is null) = (longitude is null)", name="position_is_whole"),
    # One open fire incident per premises, or per device where the premises are not known.
    Index(
        "one_open_fire_per_place",
        "ward_code",
        "place_key",
        unique=True,
        postgresql_where=OPEN_FIRE,
    ),
    Index("incidents_of_kind", "kind", "opened_at", "incident_id"),
    Index("duplicates", "duplicate_of", postgresql_where=DUPLICATES),
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
    # The entry that this one corrects, 0 for none.
    Column("corrects", Integer, nullable=False),
)

# Append-only, by privilege and by trigger: to whom an incident was handed over, and what was learnt of it later.
transfers = Table(
    "transfers",
    metadata,
    incident_id(primary_key=True),
    # That of the timeline's entry.
    Column("sequence", Integer, primary_key=True),
    words("authority"),
    words("channel"),
    moment("transferred_at"),
    words("receipt_number"),
    words("external_reference"),
    words("account"),
)

incident_numbers = Table(
    "incident_numbers",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
