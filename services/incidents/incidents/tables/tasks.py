"""Tasks, and the sheets by which shifts are handed over."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid, text

from incidents.tables.metadata import incident_id, metadata, moment, words

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Uuid, primary_key=True),
    incident_id(),
    words("owner"),
    words("task"),
    words("accountable"),
    moment("due_at"),
    words("given_by"),
    moment("given_at"),
    moment("moved_at"),
    words("state"),
    words("result"),
    Index("tasks_of_incident", "incident_id", "given_at"),
    Index(
        "tasks_to_do", "due_at", postgresql_where=text("tasks.state not in ('DECLINED', 'DONE')")
    ),
)

# Append-only, by privilege and by trigger; a sheet keeps what was told.
shift_handovers = Table(
    "shift_handovers",
    metadata,
    Column("shift_handover_id", Uuid, primary_key=True),
    moment("at"),
    words("given_by"),
    words("notes"),
    Column("sheet", LargeBinary, nullable=False),
    Index("shift_handovers_newest_first", "at", "shift_handover_id"),
)

# Append-only likewise; the primary key lets one officer sign.
shift_handover_signatures = Table(
    "shift_handover_signatures",
    metadata,
    Column(
        "shift_handover_id",
        Uuid,
        ForeignKey("shift_handovers.shift_handover_id"),
        primary_key=True,
    ),
    Column("signed_by", Text, nullable=False),
    moment("signed_at"),
)
