"""The register of personal data breaches."""

from datetime import datetime

from sqlalchemy import func, select, tuple_

from chassis.clock import ward_day
from chassis.storage.database import Database
from residency.domain.protection.breaches import (
    Breach,
    BreachFigures,
    BreachFilter,
    BreachNotFoundError,
    BreachPosition,
    NotificationTerm,
    WholeBreach,
)
from residency.repository.breaches import (
    breach_of,
    clock_runs,
    entry_columns,
    entry_of,
    is_open,
    notification_term,
)
from residency.tables import breach_history, breaches


class BreachQueries:
    """Asks for breaches; with them the term in force, by which it is told what is due soon."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def term(self, now: datetime) -> NotificationTerm:
        """Give the term in force."""
        async with self._database.transaction() as tx:
            return await notification_term(tx, ward_day(now))

    async def get(self, breach_number: str) -> WholeBreach:
        """Give a breach with its history; raises BreachNotFoundError."""
        statement = (
            select(breaches, *entry_columns())
            .join(breach_history)
            .where(breaches.c.breach_number == breach_number)
            .order_by(breach_history.c.entry_id)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
        if not rows:
            raise BreachNotFoundError
        return WholeBreach(breach_of(rows[0]), [entry_of(row) for row in rows])

    async def list_breaches(
        self, chosen: BreachFilter, after: BreachPosition | None, size: int, now: datetime
    ) -> tuple[NotificationTerm, list[Breach]]:
        """Give breaches, oldest first."""
        columns = breaches.c
        statement = select(breaches).order_by(columns.found_at, columns.breach_id).limit(size)
        if chosen.state:
            statement = statement.where(columns.state == chosen.state)
        if chosen.overdue:
            statement = statement.where(clock_runs(), columns.notify_by <= now)
        if after:
            place = tuple_(columns.found_at, columns.breach_id)
            statement = statement.where(place > (after.found_at, after.breach_id))
        async with self._database.transaction() as tx:
            term = await notification_term(tx, ward_day(now))
            if chosen.due_soon:
                soon = (columns.notify_by > now) & (columns.notify_by <= now + term.soon)
                statement = statement.where(clock_runs(), soon)
            return term, [breach_of(row) for row in await tx.execute(statement)]

    async def figures(self, now: datetime) -> BreachFigures:
        """Count what is not over."""
        overdue = func.count().filter(clock_runs(), breaches.c.notify_by <= now)
        statement = select(func.count().filter(is_open()), overdue)
        async with self._database.transaction() as tx:
            return BreachFigures(*(await tx.execute(statement)).one())
