"""Categories and priorities in force."""

from datetime import date

from chassis.storage.database import Database
from incidents.domain.rules.catalogue import Category, PriorityRule
from incidents.repository.catalogue import categories_on, category_of, priorities_on, priority_of


class CatalogueQueries:
    """Asks for the catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def categories(self, day: date) -> tuple[Category, ...]:
        """Tell the categories in force on a day, in order of their codes."""
        async with self._database.transaction() as tx:
            return tuple(category_of(row) for row in await tx.execute(categories_on(day)))

    async def priorities(self, day: date) -> tuple[PriorityRule, ...]:
        """Tell what the priorities mean on a day, most urgent first."""
        async with self._database.transaction() as tx:
            return tuple(priority_of(row) for row in await tx.execute(priorities_on(day)))
