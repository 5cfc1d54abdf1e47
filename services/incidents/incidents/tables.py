"""Tables and constraints. What must never be doubled is a constraint here, not a check in code."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from chassis.access_log import account_tables
from chassis.idempotency import requests_table
from chassis.inbox import inbox_table
from chassis.outbox import outbox_table

metadata = MetaData()


def _time(name: str, *, nullable: bool = False) -> "Column[datetime]":
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _incident_id(*, primary_key: bool = False) -> "Column[UUID]":
    return Column(
        "incident_id",
        Uuid,
        ForeignKey("incidents.incident_id"),
        primary_key=primary_key,
        nullable=False,
    )


# Conditions of partial indexes, as text: a bound parameter would hide from PostgreSQL that an index fits.
OPEN_FIRE = text("kind = 'FIRE' and state <> 'CLOSED'")
PENDING = text("escalations.taken_at is null and escalations.cancelled_at is null")
IN_TROUBLE = text("signal_class <> 'ALARM' and restored_at is null and not ended")

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    _text("ward_code"),
    _text("number"),
    _text("kind"),
    _text("state"),
    _text("priority"),
    _text("place_key"),
    _text("premises_id"),
    _text("place"),
    _text("address"),
    _time("opened_at"),
    _time("acknowledged_at", nullable=True),
    _text("acknowledged_by"),
    _text("assignee"),
    _time("closed_at", nullable=True),
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

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Text, primary_key=True),
    _text("device_id"),
    _text("premises_id"),
    _text("signal_class"),
    _time("raised_at"),
    _time("restored_at", nullable=True),
    Column("ended", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("devices_in_trouble", "premises_id", postgresql_where=IN_TROUBLE),
)

# The primary key puts an alarm in exactly one incident, in order of `position` from 1. `restored_noted` is the
# restoring that the timeline tells already.
incident_alarms = Table(
    "incident_alarms",
    metadata,
    Column("alarm_id", Text, ForeignKey("alarms.alarm_id"), primary_key=True),
    # An alarm that was not reset may be raised again after its incident was closed: it then belongs to another one too.
    _incident_id(primary_key=True),
    Column("position", Integer, nullable=False),
    # The version of the alarm in the newest raising that this incident knows of.
    Column("raised_version", BigInteger, nullable=False),
    _text("device_id"),
    _time("restored_noted", nullable=True),
    UniqueConstraint("incident_id", "position", name="alarm_position_is_unique"),
    UniqueConstraint("alarm_id", "raised_version", name="alarm_raising_is_told_once"),
)

# Append-only, by privilege and by trigger.
timeline = Table(
    "timeline",
    metadata,
    _incident_id(primary_key=True),
    Column("sequence", Integer, primary_key=True),
    _time("at"),
    _text("kind"),
    _text("actor"),
    _text("text"),
)

# Append-only, by privilege and by trigger. The primary key tells nobody the same step twice.
notifications = Table(
    "notifications",
    metadata,
    _incident_id(primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    _time("sent_at"),
)

# Timers: a row that is neither taken nor cancelled is due at its time, whatever restarts in between.
escalations = Table(
    "escalations",
    metadata,
    _incident_id(primary_key=True),
    Column("step", Integer, primary_key=True),
    _time("due_at"),
    _text("recipient"),
    _text("channel"),
    _time("taken_at", nullable=True),
    _time("cancelled_at", nullable=True),
    CheckConstraint("taken_at is null or cancelled_at is null", name="taken_or_cancelled"),
    Index("escalations_due", "due_at", postgresql_where=PENDING),
)

# Versioned data with its source; a later `effective_from` replaces the whole ladder of its kind and priority.
escalation_policies = Table(
    "escalation_policies",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("priority", Text, primary_key=True),
    Column("effective_from", DateTime(timezone=True), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("delay_s", Integer, nullable=False),
    _text("recipient"),
    _text("channel"),
    _text("source"),
)

incident_numbers = Table(
    "incident_numbers",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

premises = Table(
    "premises",
    metadata,
    Column("premises_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    _time("as_of"),
    _text("name"),
    _text("address"),
    _text("building_id"),
    Column("payload", LargeBinary, nullable=False),
)

occupancies = Table(
    "occupancies",
    metadata,
    Column("dwelling_id", Text, primary_key=True),
    Column("building_id", Text, nullable=False, index=True),
    Column("floor", Integer, nullable=False),
    _text("unit"),
    Column("version", BigInteger, nullable=False),
    _time("as_of"),
    Column("payload", LargeBinary, nullable=False),
)

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
requests = requests_table(metadata)
account = account_tables(metadata)
access_records = account.records

# Legal numbers with their source, by the day they came into force; changed by migrations only.
legal_limits = Table(
    "legal_limits",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("value", Integer, nullable=False),
    _text("unit"),
    _text("source"),
)
