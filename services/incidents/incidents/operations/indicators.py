"""Figures that the authority enters, one transaction each."""

from datetime import datetime

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database, Transaction
from incidents.domain.reviews.indicators import Figure, FigureRevisedError, FigureWanted
from incidents.operations.requests import claimed
from incidents.repository.indicators import (
    add_revision,
    indicator_in_force,
    load_revision,
    newest_revision,
    period_in_force,
)


class IndicatorOperations:
    """Enters figures."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def enter(self, asked: FigureWanted) -> Figure:
        """Enter a figure as a new revision; a repeat tells it again.

        Raises PeriodNotFoundError, IndicatorNotFoundError, IndicatorIsMeasuredError, FieldInvalidError,
        RequestIdReusedError, and FigureRevisedError if the newest revision is another than the one that is corrected.
        """
        now, revision = self._clock(), asked.corrects + 1
        async with self._database.transaction() as tx:
            period = await period_in_force(tx, asked.period, ward_day(now))
            indicator = await indicator_in_force(tx, asked.indicator, ward_day(now))
            asked.check(indicator, period)
            if await claimed(tx, asked, f"{asked.indicator}/{asked.period}", now) is None:
                await _revise(tx, asked, revision, now)
            return await load_revision(tx, indicator, period.code, revision)


async def _revise(tx: Transaction, asked: FigureWanted, revision: int, now: datetime) -> None:
    """Store a revision; who comes second is told which one is the newest now."""
    is_newest = await newest_revision(tx, asked.indicator, asked.period) == asked.corrects
    stored = is_newest and await add_revision(
        tx,
        indicator=asked.indicator,
        period=asked.period,
        revision=revision,
        numerator=asked.numerator,
        denominator=asked.denominator,
        as_of=asked.as_of,
        source=asked.source,
        entered_by=asked.account,
        entered_at=now,
    )
    if not stored:
        newest = await newest_revision(tx, asked.indicator, asked.period)
        raise FigureRevisedError(revision=str(newest))
