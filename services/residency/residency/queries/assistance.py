"""Needs of assistance that count, and what of their persons the asker may see."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select

from chassis.storage.database import Database
from residency.domain.lookups.disclosure import Asker, Disclosure, PersonField, Way
from residency.domain.residence.assistance import AssistanceBasis, Grounds, ToldNeed
from residency.domain.residence.occupancy import Assistance
from residency.repository.disclosure import disclosure_to, shown_only
from residency.repository.lookups import person_columns, person_of
from residency.tables import assistance_needs, persons
from residency.tables.bitemporal import holds_on
from residency.tables.duplicates import holder_of


class AssistanceQueries:
    """Lists needs for those who review them; others are refused before anything is looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_number(
        self, number_index: bytes, asker: Asker, today: date, after: UUID | None, limit: int
    ) -> tuple[Disclosure, bool, list[ToldNeed]]:
        """List the needs of who has a number, and tell whether somebody has it; raises DisclosureNotAllowedError."""
        whose = persons.c.person_id == holder_of(number_index)
        disclosure, found = await self._told(whose, asker, today, after, limit)
        async with self._database.transaction() as tx:
            known = await tx.scalar(select(persons.c.person_id).where(whose))
        return disclosure, known is not None, found

    async def due_by(
        self, day: date, asker: Asker, today: date, after: UUID | None, limit: int
    ) -> tuple[Disclosure, list[ToldNeed]]:
        """List the needs to be reviewed by a day; raises DisclosureNotAllowedError."""
        due = assistance_needs.c.review_on <= day
        return await self._told(due, asker, today, after, limit)

    async def count_due(self, today: date) -> int:
        """Count the needs whose review is due."""
        statement = (
            select(func.count())
            .select_from(assistance_needs)
            .where(holds_on(assistance_needs, today), assistance_needs.c.review_on <= today)
        )
        async with self._database.transaction() as tx:
            return int((await tx.scalars(statement)).one())

    async def _told(
        self, which: ColumnElement[bool], asker: Asker, today: date, after: UUID | None, limit: int
    ) -> tuple[Disclosure, list[ToldNeed]]:
        statement = _needs(today).where(which).limit(limit)
        if after:
            statement = statement.where(assistance_needs.c.need_id > after)
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.REVIEW, today)
            disclosure.require(PersonField.ASSISTANCE)
            statement = statement.where(shown_only(disclosure, persons.c.person_id))
            return disclosure, [_need(row) for row in await tx.execute(statement)]


def _needs(today: date) -> Select[Any]:
    columns = assistance_needs.c
    return (
        select(
            *person_columns(),
            columns.need_id,
            columns.type,
            columns.basis,
            columns.legal_basis,
            columns.proxy_sealed.is_not(None).label("by_proxy"),
            columns.valid_from,
            columns.review_on,
            columns.recorded_at.label("need_recorded_at"),
            columns.reference,
        )
        .select_from(assistance_needs.join(persons))
        .where(holds_on(assistance_needs, today))
        .order_by(columns.need_id)
    )


def _need(row: Row[Any]) -> ToldNeed:
    return ToldNeed(
        need_id=row.need_id,
        person=person_of(row),
        type=Assistance(row.type),
        grounds=Grounds(AssistanceBasis(row.basis), row.legal_basis) if row.basis else None,
        by_proxy=row.by_proxy,
        valid_from=row.valid_from,
        review_on=row.review_on,
        recorded_at=row.need_recorded_at,
        reference=row.reference,
    )
