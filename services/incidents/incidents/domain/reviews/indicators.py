"""Indicators (chỉ tiêu) by which the ward's plan is reviewed, and their figures: measured, or entered and said so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from incidents.domain.reviews.periods import Period

# A part of it is premises: too many, and too near to persons, for labels of metrics.
BY_PREMISES = "false_alarms_by_premises"
BY_GROUP = "false_alarms_by_group"
# What parts are called in Vietnamese: severities, kinds, clocks.
_PARTS: Mapping[str, str] = {
    "UNSPECIFIED": "chưa đánh giá",
    "MINOR": "nhẹ",
    "MODERATE": "trung bình",
    "SEVERE": "nghiêm trọng",
    "EXTREME": "đặc biệt nghiêm trọng",
    "FIRE": "cháy, nổ",
    "RESCUE": "cứu nạn, cứu hộ",
    "ROAD_ACCIDENT": "tai nạn giao thông",
    "URBAN_ORDER": "trật tự đô thị",
    "CRIME_REPORT": "tin báo, tố giác",
    "ANONYMOUS_TIP": "tin ẩn danh",
    "SERVICE_REQUEST": "phản ánh hiện trường",
    "FEEDBACK": "phản ánh",
    "PETITION": "kiến nghị",
    "ACKNOWLEDGE": "tiếp nhận",
    "TRANSFER": "chuyển cơ quan có thẩm quyền",
    "ANSWER": "trả lời",
}


class IndicatorNotFoundError(DomainError):
    """There is no such indicator."""

    reason = "INDICATOR_NOT_FOUND"


class IndicatorIsMeasuredError(DomainError):
    """The platform measures it, so nobody enters it."""

    reason = "INDICATOR_IS_MEASURED"


class FigureRevisedError(DomainError):
    """The figure has another newest revision than the one to be corrected."""

    reason = "FIGURE_REVISED"


class IndicatorUnit(StrEnum):
    """How the numbers of an indicator are to be read."""

    COUNT = "COUNT"
    SHARE = "SHARE"
    COMPARED = "COMPARED"
    STATUS = "STATUS"
    DURATION = "DURATION"


class FigureBasis(StrEnum):
    """How a figure came about."""

    MEASURED = "MEASURED"
    ENTERED = "ENTERED"


@dataclass(frozen=True)
class Indicator:
    """An indicator in one version; the target is in per cent of the denominator, None where there is none."""

    code: str
    entered: bool
    unit: IndicatorUnit
    name_vi: str
    name_en: str
    numerator_vi: str
    denominator_vi: str
    at_least_percent: int | None
    at_most_percent: int | None
    source: str

    @property
    def basis(self) -> FigureBasis:
        """How its figures come about."""
        return FigureBasis.ENTERED if self.entered else FigureBasis.MEASURED

    def require_entered(self) -> None:
        """Raise IndicatorIsMeasuredError if the platform measures it."""
        if not self.entered:
            raise IndicatorIsMeasuredError


@dataclass(frozen=True)
class Figure:
    """A figure of an indicator in a period; `part` is empty for the whole, and `part_name` where it has no name.

    `numerator` is None where nothing was entered. Times are in seconds, of the `numerator` incidents that got so far.
    """

    indicator: Indicator
    numerator: int | None
    denominator: int | None = None
    part: str = ""
    part_name: str = ""
    median_s: float | None = None
    p95_s: float | None = None
    as_of: datetime | None = None
    source: str = ""
    entered_by: str = ""
    entered_at: datetime | None = None
    revision: int = 0

    @property
    def part_vi(self) -> str:
        """The part in words, empty for the whole."""
        if self.part and self.indicator.code == BY_GROUP:
            return f"tổ dân phố {self.part}" if self.part != "0" else "không rõ tổ dân phố"
        return self.part_name or _PARTS.get(self.part, self.part)

    @property
    def ratio(self) -> float | None:
        """The numerator beside the denominator, None where there is none to be told."""
        if self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator


@dataclass(frozen=True)
class FigureWanted:
    """Entering a figure; `corrects` is the revision that it replaces, 0 for the first."""

    account: str
    request_id: str
    digest: bytes
    period: str
    indicator: str
    corrects: int
    numerator: int
    denominator: int | None
    as_of: date
    source: str

    def check(self, indicator: Indicator, period: Period) -> None:
        """Raise IndicatorIsMeasuredError, or FieldInvalidError where the numbers are not those of the indicator."""
        indicator.require_entered()
        if bool(indicator.denominator_vi) is not bool(self.denominator):
            raise FieldInvalidError(
                "denominator",
                Rule("từ 1, nếu chỉ tiêu có mẫu số", "1 or more, where the indicator has one"),
            )
        if not period.first_day <= self.as_of <= period.last_day:
            raise FieldInvalidError("as_of", Rule("một ngày trong kỳ", "a day of the period"))
        most = {IndicatorUnit.SHARE: self.denominator, IndicatorUnit.STATUS: 1}.get(indicator.unit)
        if most is not None and self.numerator > most:
            raise FieldInvalidError(
                "numerator", Rule("không lớn hơn tổng số", "no more than the whole")
            )


@dataclass(frozen=True)
class Figures:
    """The figures of a period, each indicator as a whole and then by its parts."""

    period: Period
    figures: tuple[Figure, ...]
