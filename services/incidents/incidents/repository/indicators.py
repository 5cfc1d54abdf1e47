"""Indicators and periods in force, and the figures that are entered."""

from datetime import date
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from chassis.storage.database import Transaction
from incidents.domain.reviews.indicators import (
    Figure,
    Indicator,
    IndicatorNotFoundError,
    IndicatorUnit,
)
from incidents.domain.reviews.periods import Period, PeriodNotFoundError, end_of, month_or_year
from incidents.tables import entered_figures, indicators, review_periods


def indicators_on(day: date) -> Select[Any]:
    """Select the indicators in force on a day; before the first day of all, the first versions are."""
    columns = indicators.c
    first = select(func.min(columns.effective_from)).correlate(None).scalar_subquery()
    return (
        select(indicators)
        .ext(distinct_on(columns.code))
        .where(columns.effective_from <= func.greatest(day, first))
        .order_by(columns.code, columns.effective_from.desc())
    )


async def indicator_in_force(tx: Transaction, code: str, day: date) -> Indicator:
    """Load an indicator that is entered; raises IndicatorNotFoundError, IndicatorIsMeasuredError."""
    found = await tx.execute(indicators_on(day).where(indicators.c.code == code))
    row = found.one_or_none()
    if row is None:
        raise IndicatorNotFoundError
    indicator = indicator_of(row)
    indicator.require_entered()
    return indicator


async def period_in_force(tx: Transaction, code: str, day: date) -> Period:
    """Find a month, a year, or a review as its newest version says; raises PeriodNotFoundError."""
    if (calendar := month_or_year(code)) is not None:
        return calendar
    columns = review_periods.c
    versions = (
        select(review_periods)
        .where(columns.code == code, columns.effective_from <= day)
        .order_by(columns.effective_from.desc())
        .limit(1)
    )
    row = (await tx.execute(versions)).one_or_none()
    if row is None:
        raise PeriodNotFoundError
    return Period(code, row.name_vi, row.name_en, row.first_day, row.last_day, row.source)


async def newest_revision(tx: Transaction, indicator: str, period: str) -> int:
    """Tell the newest revision of an entered figure; 0 while there is none."""
    columns = entered_figures.c
    newest = select(func.coalesce(func.max(columns.revision), 0)).where(
        columns.indicator == indicator, columns.period == period
    )
    return int((await tx.scalars(newest)).one())


async def add_revision(tx: Transaction, **columns: object) -> bool:
    """Store a revision of an entered figure; False, and nothing stored, if somebody was faster."""
    added = insert(entered_figures).values(**columns).on_conflict_do_nothing()
    return bool((await tx.execute(added)).rowcount)


async def load_revision(
    tx: Transaction, indicator: Indicator, period: str, revision: int
) -> Figure:
    """Load a revision that is there."""
    columns = entered_figures.c
    found = await tx.execute(
        select(entered_figures).where(
            columns.indicator == indicator.code,
            columns.period == period,
            columns.revision == revision,
        )
    )
    return revision_of(indicator, found.one())


def revision_of(indicator: Indicator, row: Row[Any]) -> Figure:
    """Read a revision; what is entered for a day counts until its end."""
    return Figure(
        indicator=indicator,
        numerator=row.numerator,
        denominator=row.denominator,
        as_of=end_of(row.as_of),
        source=row.source,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
        revision=row.revision,
    )


def indicator_of(row: Row[Any]) -> Indicator:
    """Read an indicator."""
    return Indicator(
        code=row.code,
        entered=row.entered,
        unit=IndicatorUnit(row.unit),
        name_vi=row.name_vi,
        name_en=row.name_en,
        numerator_vi=row.numerator_vi,
        denominator_vi=row.denominator_vi,
        at_least_percent=row.at_least_percent,
        at_most_percent=row.at_most_percent,
        source=row.source,
    )
