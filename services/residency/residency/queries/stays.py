"""Who is declared for a night, and what of them the asker may see."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, or_, select

from chassis.clock import ward_day
from chassis.storage.database import Database
from residency.domain.lookups.disclosure import Asker, Disclosure, Way
from residency.domain.persons.sealing import ParticularsSeal
from residency.domain.residence.stays import Asked, ToldStay, is_night
from residency.queries.places import require_dwelling
from residency.repository.disclosure import disclosure_to, shown_only
from residency.repository.limits import limit_in_force
from residency.repository.stays import declaration_of, receipt_of
from residency.tables import guest_stays, persons
from residency.tables.bitemporal import holds_on, known_ended_on


class StayQueries:
    """Lists guests for those who may see something of them; others are refused before anything is looked at."""

    def __init__(self, database: Database, particulars: ParticularsSeal) -> None:
        self._database = database
        self._particulars = particulars

    async def is_night(self, now: datetime) -> bool:
        """Tell whether the night of the day before is not over."""
        async with self._database.transaction() as tx:
            return is_night(now, await limit_in_force(tx, "lodging_late_deadline", ward_day(now)))

    async def of_night(
        self, asked: Asked, asker: Asker, today: date, after: UUID | None, limit: int
    ) -> tuple[Disclosure, list[ToldStay]]:
        """List the guests of the night of a day in order of the stays' ids, those behind `after` only.

        Raises DwellingNotFoundError or DisclosureNotAllowedError.
        """
        statement = _stays(asked).limit(limit)
        if after:
            statement = statement.where(guest_stays.c.stay_id > after)
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            if asked.dwelling_id:
                await require_dwelling(tx, asked.dwelling_id)
            rows = await tx.execute(statement.where(shown_only(disclosure, persons.c.person_id)))
            return disclosure, [self._told(row) for row in rows]

    def _told(self, row: Row[Any]) -> ToldStay:
        return ToldStay(
            stay_id=row.stay_id,
            guest_index=row.guest_index,
            declared=declaration_of(row, self._particulars),
            ended_on=row.known_ended_on,
            receipt=receipt_of(row),
            declare_by=row.declare_by,
            recorded_at=row.recorded_at,
            corrects=row.corrects,
            reference=row.reference,
        )


def _stays(asked: Asked) -> Select[Any]:
    nights = [asked.day, asked.day - timedelta(days=1)] if asked.with_night_before else [asked.day]
    statement = (
        select(guest_stays, known_ended_on(guest_stays, asked.known_at).label("known_ended_on"))
        .outerjoin(persons, persons.c.number_index == guest_stays.c.guest_index)
        .where(or_(*(holds_on(guest_stays, night, asked.known_at) for night in nights)))
        .order_by(guest_stays.c.stay_id)
    )
    if asked.dwelling_id:
        statement = statement.where(guest_stays.c.dwelling_id == asked.dwelling_id)
    return statement
