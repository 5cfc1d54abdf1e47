"""What help persons need to get out."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Table,
    Text,
)

from residency.tables.metadata import metadata

assistance_needs = Table(
    "assistance_needs",
    metadata,
    Column("person_id", ForeignKey("persons.person_id"), primary_key=True),
    Column("type", Text, primary_key=True),
    # When somebody asks again; the need counts until it is taken back.
    Column("review_on", Date, nullable=False),
    CheckConstraint(
        "type in ('MOBILITY', 'SIGHT', 'HEARING', 'INFANT', 'OXYGEN', 'PREGNANCY')",
        name="assistance_needs_type",
    ),
)
