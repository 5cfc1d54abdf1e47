"""Who is declared absent on a day, and what of them the asker may see."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, select

from chassis.storage.database import Database
from residency.domain.lookups.disclosure import Asker, Disclosure, Way
from residency.domain.persons.sealing import ParticularsSeal
from residency.domain.residence.absences import ToldAbsence
from residency.domain.residence.stays import Asked
from residency.queries.places import require_dwelling
from residency.repository.absences import content_of
from residency.repository.disclosure import disclosure_to, shown_only
from residency.repository.lookups import person_columns, person_of
from residency.repository.stays import receipt_of
from residency.tables import absences, persons, registrations
from residency.tables.bitemporal import holds_on, known_ended_on


class AbsenceQueries:
    """Lists absences for those who may see something of them; others are refused before anything is looked at."""

    def __init__(self, database: Database, particulars: ParticularsSeal) -> None:
        self._database = database
        self._particulars = particulars

    async def of_day(
        self, asked: Asked, asker: Asker, today: date, after: UUID | None, limit: int
    ) -> tuple[Disclosure, list[ToldAbsence]]:
        """List who is absent on a day in order of the absences' ids, those behind `after` only.

        Raises DwellingNotFoundError or DisclosureNotAllowedError.
        """
        statement = _absences(asked).limit(limit)
        if after:
            statement = statement.where(absences.c.absence_id > after)
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            if asked.dwelling_id:
                await require_dwelling(tx, asked.dwelling_id)
            rows = await tx.execute(statement.where(shown_only(disclosure, persons.c.person_id)))
            return disclosure, [self._told(row) for row in rows]

    def _told(self, row: Row[Any]) -> ToldAbsence:
        return ToldAbsence(
            absence_id=row.absence_id,
            person=person_of(row),
            content=content_of(row, self._particulars),
            ended_on=row.known_ended_on,
            receipt=receipt_of(row),
            recorded_at=row.absence_recorded_at,
            corrects=row.corrects,
            reference=row.reference,
        )


def _absences(asked: Asked) -> Select[Any]:
    columns = absences.c
    statement = (
        select(
            *person_columns(),
            columns.absence_id,
            columns.ground,
            columns.particulars_sealed,
            columns.valid_from,
            columns.valid_until,
            known_ended_on(absences, asked.known_at).label("known_ended_on"),
            columns.received_at,
            columns.channel,
            columns.recorded_at.label("absence_recorded_at"),
            columns.corrects,
            columns.reference,
        )
        .select_from(absences.join(persons))
        .where(holds_on(absences, asked.day, asked.known_at))
        .order_by(columns.absence_id)
    )
    if asked.dwelling_id:
        lives_there = exists().where(
            registrations.c.person_id == columns.person_id,
            registrations.c.dwelling_id == asked.dwelling_id,
            holds_on(registrations, asked.day, asked.known_at),
        )
        statement = statement.where(lives_there)
    return statement
