"""Legal numbers in force."""

from datetime import date

from sqlalchemy import ScalarSelect, func, select

from chassis.storage.database import Transaction
from incidents.tables import legal_limits


def in_force(rule: str, day: date) -> ScalarSelect[int]:
    """Say in SQL: the number of a rule that is in force on a day.

    Before the first day of all the first number is in force: what is asked about an old day has an answer.
    """
    versions = legal_limits.alias("versions").c
    first = select(func.min(versions.effective_from)).where(versions.rule == rule)
    since = func.greatest(day, first.scalar_subquery())
    return (
        select(legal_limits.c.value)
        .where(legal_limits.c.rule == rule, legal_limits.c.effective_from <= since)
        .order_by(legal_limits.c.effective_from.desc())
        .limit(1)
        .scalar_subquery()
    )


async def limit_in_force(tx: Transaction, rule: str, day: date) -> int:
    """Load the number of a rule that is in force on a day."""
    return int((await tx.scalars(select(in_force(rule, day)))).one())
