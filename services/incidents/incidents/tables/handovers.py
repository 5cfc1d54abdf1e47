"""Offers of incidents to the city's dispatch centre."""

from sqlalchemy import Column, Index, Integer, Table, Uuid, text

from incidents.tables.metadata import incident_id, metadata, moment, words

HANDOVER_PENDING = text("due_at is not null")

handovers = Table(
    "handovers",
    metadata,
    Column("handover_id", Uuid, primary_key=True),
    incident_id(),
    words("state"),
    words("summary"),
    words("offered_by"),
    moment("offered_at"),
    moment("changed_at"),
    # Null once it is over.
    moment("due_at", nullable=True),
    words("centre_reference"),
    words("remark"),
    Column("unanswered", Integer, nullable=False),
    Index("one_handover_pending", "incident_id", unique=True, postgresql_where=HANDOVER_PENDING),
    Index("handovers_due", "due_at", postgresql_where=HANDOVER_PENDING),
    Index("handovers_of_incident", "incident_id", "offered_at"),
)
