"""What was done to detection zones and mutual-aid groups."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from fire_safety.tables.metadata import INSTANT, metadata

# Append-only: no role may change or delete. It outlives what it tells of.
area_changes = Table(
    "area_changes",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("area_id", Text, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("note", Text, nullable=False),
    # The area as it is after the change, with its members.
    Column("entry", JSONB, nullable=False),
    CheckConstraint("kind in ('ZONE', 'MUTUAL_AID_GROUP')", name="area_changes_kind"),
    CheckConstraint("action in ('CREATED', 'CHANGED', 'RETIRED')", name="area_changes_action"),
    Index("area_changes_of_area", "kind", "area_id", "position"),
)
