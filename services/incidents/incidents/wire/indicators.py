"""Figures: requests, checked field by field, and what is told of them."""

import re
from datetime import date

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.rules import NOT_IN_THE_FUTURE, at_most, characters
from incidents.domain.reviews.indicators import Figure, Figures, FigureWanted, Indicator
from incidents.domain.reviews.periods import Period
from incidents.wire.duty import read_write
from incidents.wire.fields import kept_text, read_day
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import indicators_pb2 as pb

_MOST = 1_000_000_000
_REVISION = re.compile(r"[0-9]{1,9}")
_SOURCE_MAX = 500


def read_figure(request: pb.EnterFigureRequest, account: str, today: date) -> FigureWanted:
    """Read a figure to be entered; raises FieldInvalidError."""
    source = kept_text("source", request.source, _SOURCE_MAX)
    if not source:
        raise FieldInvalidError("source", characters(1, _SOURCE_MAX))
    as_of = read_day("as_of", request.as_of)
    if as_of > today:
        raise FieldInvalidError("as_of", NOT_IN_THE_FUTURE)
    return FigureWanted(
        **read_write(request, account),
        period=request.period,
        indicator=request.indicator,
        corrects=request.corrects,
        numerator=_count("numerator", request.numerator),
        denominator=(
            _count("denominator", request.denominator) if request.HasField("denominator") else None
        ),
        as_of=as_of,
        source=source,
    )


def read_page(token: str) -> int | None:
    """Read before which revision a page begins; None for the first page."""
    key = pages.decode(token, 1)
    if key is None:
        return None
    if not _REVISION.fullmatch(key[0]):
        raise PageTokenInvalidError
    return int(key[0])


def page_token(last: Figure) -> str:
    """Make the token of the page that follows a revision."""
    return pages.encode(str(last.revision))


def figures_message(told: Figures) -> pb.ListFiguresResponse:
    """Write the figures of a period."""
    indicators = {one.indicator.code: one.indicator for one in told.figures}
    return pb.ListFiguresResponse(
        period=_period_message(told.period),
        indicators=map(_indicator_message, indicators.values()),
        figures=map(figure_message, told.figures),
    )


def figure_message(figure: Figure) -> pb.Figure:
    """Write a figure."""
    return pb.Figure(
        indicator=figure.indicator.code,
        part=figure.part,
        part_vi=figure.part_vi,
        basis=pb.FigureBasis.Value(f"FIGURE_BASIS_{figure.indicator.basis}"),
        numerator=figure.numerator,
        denominator=figure.denominator,
        median_s=figure.median_s,
        p95_s=figure.p95_s,
        as_of=timestamp(figure.as_of),
        source=figure.source,
        entered_by=figure.entered_by,
        entered_at=timestamp(figure.entered_at),
        revision=figure.revision,
    )


def _period_message(period: Period) -> pb.Period:
    return pb.Period(
        code=period.code,
        name_vi=period.name_vi,
        name_en=period.name_en,
        first_day=period.first_day.isoformat(),
        last_day=period.last_day.isoformat(),
        source=period.source,
    )


def _indicator_message(indicator: Indicator) -> pb.Indicator:
    return pb.Indicator(
        code=indicator.code,
        name_vi=indicator.name_vi,
        name_en=indicator.name_en,
        unit=pb.IndicatorUnit.Value(f"INDICATOR_UNIT_{indicator.unit}"),
        numerator_vi=indicator.numerator_vi,
        denominator_vi=indicator.denominator_vi,
        at_least_percent=indicator.at_least_percent,
        at_most_percent=indicator.at_most_percent,
        source=indicator.source,
    )


def _count(field: str, number: int) -> int:
    if number > _MOST:
        raise FieldInvalidError(field, at_most(_MOST))
    return number
