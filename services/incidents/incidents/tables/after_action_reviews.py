"""After-action reviews, and the actions that come of them."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.tables.metadata import incident_id, metadata, moment, words

TO_REMIND = text("remind_at is not null")
ACTION_OPEN = text("state = 'OPEN'")

# Append-only, by privilege and by trigger: the newest revision counts.
after_action_reviews = Table(
    "after_action_reviews",
    metadata,
    incident_id(primary_key=True),
    Column("revision", Integer, primary_key=True),
    words("happened"),
    words("went_well"),
    words("went_badly"),
    Column("participants", ARRAY(Text), nullable=False),
    words("written_by"),
    moment("written_at"),
)

review_actions = Table(
    "review_actions",
    metadata,
    Column("action_id", Uuid, primary_key=True),
    incident_id(),
    words("owner"),
    words("action"),
    Column("due_on", Date, nullable=False),
    words("given_by"),
    moment("given_at"),
    words("state"),
    words("result"),
    words("ended_by"),
    moment("ended_at", nullable=True),
    # When it is told next that it is due; null once nothing is left to be told.
    moment("remind_at", nullable=True),
    CheckConstraint("(state = 'OPEN') = (ended_at is null)", name="action_ended_says_when"),
    Index("review_actions_of_incident", "incident_id", "given_at"),
    Index("review_actions_open", "due_on", "action_id", postgresql_where=ACTION_OPEN),
    Index("review_actions_to_remind", "remind_at", postgresql_where=TO_REMIND),
)
