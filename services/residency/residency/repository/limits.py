"""Legal numbers in force."""

from datetime import date

from sqlalchemy import select

from chassis.database import Transaction
from residency.tables import legal_limits


async def limit_in_force(tx: Transaction, rule: str, day: date) -> int:
    """Load the number of a rule that is in force on a day."""
    statement = (
        select(legal_limits.c.value)
        .where(legal_limits.c.rule == rule, legal_limits.c.effective_from <= day)
        .order_by(legal_limits.c.effective_from.desc())
        .limit(1)
    )
    return int((await tx.scalars(statement)).one())
