"""What people were reminded of."""

from sqlalchemy import CheckConstraint, Column, Date, Table, Text, Uuid

from residency.tables.metadata import INSTANT, metadata

# Append-only. A reminder is due while its row is missing, so that each is told once, however often and by however many
# instances one looks.
reminders = Table(
    "reminders",
    metadata,
    Column("kind", Text, primary_key=True),
    # A registration, a dwelling, or premises of fire-safety.
    Column("about", Text, primary_key=True),
    # The end of the term, or the day whose guests are to be declared.
    Column("day", Date, primary_key=True),
    Column("reminder_id", Uuid, nullable=False),
    Column("told_at", INSTANT, nullable=False),
    CheckConstraint(
        "kind in ('RENEWAL_OPEN', 'TERM_ENDED', 'TENANCY_END', 'LODGING_LIST')",
        name="reminders_kind",
    ),
)
