"""What citizens are told of their own affairs."""

from datetime import date

from sqlalchemy import exists, func, select

from chassis.database import Database
from residency.domain.data_subject_requests import NamedUntil
from residency.domain.places import Dwelling
from residency.domain.sealing import subject_of
from residency.repository.lookups import in_force_on
from residency.repository.occupancy import dwelling_of, place_columns
from residency.tables import buildings, dwellings, person_corrections, persons, registrations
from residency.tables.duplicates import holder_of, records_of


class CitizenQueries:
    """Answers questions of citizens about themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dwellings_of(self, number_index: bytes, day: date) -> list[Dwelling]:
        """List where who has a number is registered on a day, permanent residence first."""
        statement = (
            select(*place_columns())
            .select_from(registrations.join(dwellings).join(buildings))
            .where(registrations.c.person_id == holder_of(number_index), in_force_on(day))
            .order_by(registrations.c.kind, registrations.c.valid_from, dwellings.c.dwelling_id)
        )
        async with self._database.transaction() as tx:
            return [dwelling_of(row) for row in await tx.execute(statement)]

    async def names_of(self, number_index: bytes) -> list[NamedUntil]:
        """Tell how requests name who has a number now: by it, and by earlier numbers until they were corrected.

        An earlier number that somebody else has by now is left out: what it names may be theirs.
        """
        records = records_of(holder_of(number_index))
        earlier, other = person_corrections.c, persons.alias("other")
        anothers = exists().where(
            other.c.number_index == earlier.number_index, other.c.person_id.not_in(records)
        )
        statement = (
            select(earlier.number_index, func.max(earlier.corrected_at))
            .where(earlier.person_id.in_(records), earlier.number_index != number_index, ~anothers)
            .group_by(earlier.number_index)
        )
        async with self._database.transaction() as tx:
            before = [
                NamedUntil(subject_of(index), at) for index, at in await tx.execute(statement)
            ]
        return [NamedUntil(subject_of(number_index), until=None), *before]
