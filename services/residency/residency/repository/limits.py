"""Legal numbers in force."""

from datetime import date, timedelta

from sqlalchemy import ScalarSelect, func, select

from chassis.storage.database import Transaction
from residency.domain.residence.registrations import check_first_day
from residency.tables import legal_limits


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


async def last_first_day(tx: Transaction, today: date) -> date:
    """Tell the last day on which what is entered today may begin."""
    return today + timedelta(days=await limit_in_force(tx, "first_day_ahead", today))


async def check_beginning(tx: Transaction, field: str, first_day: date, today: date) -> None:
    """Refuse what would begin too late to be meant; raises FieldInvalidError for the field."""
    check_first_day(field, first_day, await last_first_day(tx, today))
