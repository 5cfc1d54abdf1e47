"""Counts of residents, for those who may know no resident."""

from datetime import date

from sqlalchemy import func, select

from chassis.storage.database import Database
from residency.domain.persons.partial_date import PartialDate
from residency.domain.residence.registrations import ResidenceKind
from residency.domain.residence.statistics import Cell, Residents, tabulate
from residency.repository.limits import limit_in_force
from residency.repository.lookups import in_force_on
from residency.tables import buildings, dwellings, persons, registrations

_SMALLEST = "statistics_smallest_cell"


class StatisticsQueries:
    """Counts residents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_residents(self, day: date) -> tuple[list[Cell], int]:
        """Count who is registered on a day, and tell below which number a count is not told."""
        born = (persons.c.birth_year, persons.c.birth_month, persons.c.birth_day)
        key = (buildings.c.residential_group, registrations.c.kind, *born)
        statement = (
            select(*key, func.count(persons.c.person_id.distinct()).label("number"))
            .select_from(
                registrations.join(persons, persons.c.person_id == registrations.c.person_id)
                .join(dwellings, dwellings.c.dwelling_id == registrations.c.dwelling_id)
                .join(buildings, buildings.c.building_id == dwellings.c.building_id)
            )
            .where(in_force_on(day))
            .group_by(*key)
        )
        async with self._database.transaction() as tx:
            smallest = await limit_in_force(tx, _SMALLEST, day)
            residents = [
                Residents(
                    row.residential_group,
                    ResidenceKind(row.kind),
                    PartialDate(row.birth_year, row.birth_month, row.birth_day),
                    row.number,
                )
                for row in await tx.execute(statement)
            ]
        return tabulate(residents, day, smallest), smallest
