"""Roll-calls."""

from sqlalchemy import CheckConstraint, Column, Integer, Table

from incidents.tables.metadata import incident_id, metadata, moment, words

# Append-only by privilege and by trigger while the incident is open; forgotten some time after its end.
roll_call_marks = Table(
    "roll_call_marks",
    metadata,
    incident_id(primary_key=True),
    Column("sequence", Integer, primary_key=True),
    words("tag"),
    words("dwelling_id"),
    words("state"),
    words("marked_by"),
    moment("marked_at"),
    CheckConstraint("tag ~ '^[0-9a-f]{32}$'", name="tag_names_nobody"),
    CheckConstraint("state in ('FOUND', 'SAFE_ELSEWHERE', 'MISSING')", name="mark_state_is_known"),
)
