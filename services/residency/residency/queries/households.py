"""What a member of a household may be to its householder."""

from sqlalchemy import select

from chassis.storage.database import Database
from residency.domain.residence.households import Relationship
from residency.tables import household_relationships


class HouseholdQueries:
    """Tells the relationships there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def relationships(self) -> list[Relationship]:
        """Tell all relationships in the order of the circular."""
        columns = household_relationships.c
        statement = select(columns.code, columns.name_vi, columns.source).order_by(
            columns.position
        )
        async with self._database.transaction() as tx:
            return [Relationship(**row) for row in (await tx.execute(statement)).mappings()]
