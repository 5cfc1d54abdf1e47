"""Deadlines, their pauses, and what may pause them."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.tables.metadata import incident_id, metadata, moment, words

# Conditions of partial indexes, as text: a bound parameter would hide from PostgreSQL that an index fits.
RUNNING = text("deadlines.paused_at is null and deadlines.stopped_at is null")
UNTOLD = text("deadlines.next_at is not null")
# As PostgreSQL writes it: a timer that can forget neither a pause nor an end.
_NEXT_AT = (
    "CASE WHEN ((paused_at IS NOT NULL) OR (stopped_at IS NOT NULL)) THEN NULL::timestamp with time zone"
    " WHEN ((told = 0) AND (soon_at IS NOT NULL)) THEN soon_at"
    " WHEN (told < 2) THEN due_at"
    " ELSE NULL::timestamp with time zone END"
)

# `subject_id` is the report that it is owed for, or the incident; `incident_id` the incident that goes on for it: that
# into which its own was merged. `told` is 0, or 1 once it was told that it is due soon, or 2 that it is over.
deadlines = Table(
    "deadlines",
    metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    incident_id(),
    Column("report_id", Uuid, ForeignKey("reports.report_id"), nullable=True),
    words("unit"),
    moment("due_at"),
    moment("soon_at", nullable=True),
    moment("paused_at", nullable=True),
    moment("met_at", nullable=True),
    # Met, or ended with its incident.
    moment("stopped_at", nullable=True),
    Column("told", Integer, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True), Computed(_NEXT_AT, persisted=True)),
    CheckConstraint("subject_id = coalesce(report_id, incident_id)", name="owed_for_its_subject"),
    CheckConstraint("met_at is null or met_at = stopped_at", name="met_stops"),
    CheckConstraint("paused_at is null or stopped_at is null", name="paused_or_stopped"),
    Index("deadlines_of_incident", "incident_id"),
    Index("deadlines_of_report", "report_id"),
    Index("deadlines_running", "due_at", "subject_id", "kind", postgresql_where=RUNNING),
    Index("deadlines_to_tell", "next_at", postgresql_where=UNTOLD),
)

# Append-only, by privilege and by trigger.
clock_pauses = Table(
    "clock_pauses",
    metadata,
    incident_id(primary_key=True),
    # That of the timeline's entry.
    Column("sequence", Integer, primary_key=True),
    words("reason"),
    moment("paused_at"),
    words("account"),
)

# Append-only likewise; the primary key ends a pause once.
clock_resumptions = Table(
    "clock_resumptions",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    moment("resumed_at"),
    words("account"),
    ForeignKeyConstraint(
        ["incident_id", "sequence"], ["clock_pauses.incident_id", "clock_pauses.sequence"]
    ),
)

# Versioned data with its source; changed by migrations only. Of each category and reason the newest version holds.
pause_reasons = Table(
    "pause_reasons",
    metadata,
    Column("category", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    words("name_vi"),
    words("name_en"),
    Column("clocks", ARRAY(Text), nullable=False),
    Column("priorities", ARRAY(Text), nullable=False),
    words("source"),
)

# How long before its end a clock is due soon, in its unit; likewise.
clock_warnings = Table(
    "clock_warnings",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    # Null where it is not told any more.
    Column("amount", Integer, nullable=True),
    words("source"),
)
