"""Days that are or are not worked whatever the rule says, as they were decided for a year."""

from sqlalchemy import Boolean, Column, Date, MetaData, Table, Text, select

from chassis.calendar.working_days import WorkingCalendar
from chassis.storage.database import Transaction


def decided_days_table(metadata: MetaData) -> Table:
    """Declare the table of decided days with their source; changed by the tables' owner only (`holidays import`)."""
    return Table(
        "decided_days",
        metadata,
        Column("day", Date, primary_key=True),
        Column("working", Boolean, nullable=False),
        Column("source", Text, nullable=False),
    )


async def working_calendar(tx: Transaction, table: Table) -> WorkingCalendar:
    """Load the calendar with all days that were decided."""
    rows = await tx.execute(select(table.c.day, table.c.working))
    return WorkingCalendar({row.day: row.working for row in rows})
