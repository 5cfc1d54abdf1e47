"""Figures of a period: what is measured, in one statement, beside what was entered; and the revisions of the latter."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from chassis.clock import ward_day
from chassis.storage.database import Database
from incidents.domain.reviews.indicators import Figure, Figures
from incidents.domain.reviews.periods import Period, end_of
from incidents.queries.measures import measured
from incidents.repository.indicators import (
    indicator_in_force,
    indicator_of,
    indicators_on,
    period_in_force,
    revision_of,
)
from incidents.tables import entered_figures

_entered = entered_figures.c


@dataclass(frozen=True)
class RevisionPage:
    """A page of revisions of one figure, and whether more follow."""

    figures: tuple[Figure, ...]
    more: bool


class IndicatorQueries:
    """Asks for figures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def figures(self, code: str, now: datetime) -> Figures:
        """Tell the figures of a period as of now; raises PeriodNotFoundError."""
        today = ward_day(now)
        async with self._database.transaction() as tx:
            period = await period_in_force(tx, code, today)
            rows = await tx.execute(_of_period(period, today, now))
            return Figures(period, tuple(_figure(row, now) for row in rows))

    async def revisions(
        self, period_code: str, indicator_code: str, today: date, size: int, before: int | None
    ) -> RevisionPage:
        """Tell a page of revisions, newest first, before the one with a number.

        Raises PeriodNotFoundError, IndicatorNotFoundError, IndicatorIsMeasuredError.
        """
        async with self._database.transaction() as tx:
            period = await period_in_force(tx, period_code, today)
            indicator = await indicator_in_force(tx, indicator_code, today)
            wanted = (
                select(entered_figures)
                .where(_entered.indicator == indicator.code, _entered.period == period.code)
                .order_by(_entered.revision.desc())
                .limit(size + 1)
            )
            if before is not None:
                wanted = wanted.where(_entered.revision < before)
            rows = (await tx.execute(wanted)).all()
        found = tuple(revision_of(indicator, row) for row in rows[:size])
        return RevisionPage(found, more=len(rows) > size)


def _of_period(period: Period, today: date, now: datetime) -> Select[Any]:
    """Select every indicator in force with its figures, the whole before its parts."""
    known = indicators_on(today).subquery("known")
    counts = measured(period, now).subquery("counts")
    newest = (
        select(entered_figures)
        .ext(distinct_on(_entered.indicator))
        .where(_entered.period == period.code)
        .order_by(_entered.indicator, _entered.revision.desc())
        .subquery("newest")
    )
    return (
        select(
            known,
            counts.c.part,
            counts.c.part_name,
            counts.c.numerator,
            counts.c.denominator,
            counts.c.median_s,
            counts.c.p95_s,
            *(column.label(f"newest_{column.name}") for column in newest.c),
        )
        .select_from(
            known.outerjoin(
                counts, and_(counts.c.indicator == known.c.code, ~known.c.entered)
            ).outerjoin(newest, and_(newest.c.indicator == known.c.code, known.c.entered))
        )
        .order_by(known.c.position, func.length(counts.c.part), counts.c.part)
    )


def _figure(row: Row[Any], now: datetime) -> Figure:
    indicator = indicator_of(row)
    if not indicator.entered:
        return Figure(
            indicator=indicator,
            numerator=row.numerator,
            denominator=row.denominator,
            part=row.part,
            part_name=row.part_name,
            median_s=row.median_s,
            p95_s=row.p95_s,
            as_of=now,
            source=indicator.source,
        )
    if row.newest_revision is None:
        return Figure(indicator, numerator=None)
    return Figure(
        indicator=indicator,
        numerator=row.newest_numerator,
        denominator=row.newest_denominator,
        as_of=end_of(row.newest_as_of),
        source=row.newest_source,
        entered_by=row.newest_entered_by,
        entered_at=row.newest_entered_at,
        revision=row.newest_revision,
    )
