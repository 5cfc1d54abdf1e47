"""The figures of a period as a workbook, Vietnamese; what was entered says so in each row."""

import io
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from chassis.clock import ward_local
from incidents.domain.reviews.indicators import Figure, FigureBasis, Figures

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Headings, and how wide their columns are.
_COLUMNS = (
    ("Chỉ tiêu", 44),
    ("Thành phần", 28),
    ("Cách có số liệu", 16),
    ("Tử số", 10),
    ("Mẫu số", 10),
    ("Tỷ lệ", 10),
    ("Trung vị (giây)", 14),
    ("p95 (giây)", 12),
    ("Mục tiêu", 14),
    ("Tử số là", 44),
    ("Mẫu số là", 44),
    ("Tính đến", 18),
    ("Nguồn", 60),
    ("Người nhập", 18),
    ("Nhập lúc", 18),
    ("Lần sửa", 8),
)
_RATIO = 5
# As the file format numbers paper.
_A3 = 8
_PLAN, _PLAN_VI = (
    "the ward's plan on security and order 2025-2030, targets",
    "kế hoạch an ninh, trật tự của phường 2025-2030, phần chỉ tiêu",
)
# What the sources of indicators say, part by part, as the migrations enter them, without the marks of who wrote these;
# what people entered stays as it is.
SOURCES: Mapping[str, str] = {
    "incidents": "vụ việc trên hệ thống",
    "incidents: reports": "tin báo trên hệ thống",
    "incidents: timelines": "diễn biến vụ việc trên hệ thống",
    "incidents: what officers closed fire incidents as": "kết luận khi đóng vụ cháy trên hệ thống",
    "groups: fire-safety's register": "tổ liên gia theo sổ PCCC",
    "[own] the ward's choice": "phường tự chọn",
    "to be confirmed by the ward": "chờ phường xác nhận",
    "Circular 26/2024/TT-BCA: counts only": "Thông tư 26/2024/TT-BCA, chỉ đếm",
    "Circular 28/2020/TT-BCA: transfer within 24 hours of receipt": (
        "Thông tư 28/2020/TT-BCA, chuyển trong 24 giờ từ khi nhận"
    ),
    _PLAN: _PLAN_VI,
    f"{_PLAN}: each year": f"{_PLAN_VI}, hằng năm",
    f"{_PLAN}: before 2030": f"{_PLAN_VI}, trước năm 2030",
    f"{_PLAN}: at least 10 % fewer a year": f"{_PLAN_VI}, mỗi năm giảm ít nhất 10 %",
    f"{_PLAN}: the city police's target, which is not known [?]": (
        f"{_PLAN_VI}, theo chỉ tiêu của công an thành phố, chưa biết"
    ),
}
_BASES = {FigureBasis.MEASURED: "đo", FigureBasis.ENTERED: "NHẬP TAY"}

Cell = str | int | float | None


def figure_sheet(told: Figures) -> bytes:
    """Write a workbook of one sheet: the period, the headings, and a row for each figure."""
    written = io.BytesIO()
    # What people entered is text, whatever it begins with.
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(written, plain) as book:
        bold, per_cent = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        sheet = book.add_worksheet(told.period.code)
        _head(sheet, told, bold)
        for at, figure in enumerate(told.figures, start=2):
            sheet.write_row(at, 0, list(_row(figure)))
            if figure.ratio is not None:
                sheet.write_number(at, _RATIO, figure.ratio, per_cent)
    return written.getvalue()


def _head(sheet: Worksheet, told: Figures, bold: object) -> None:
    period = told.period
    title = f"{period.name_vi} (từ {period.first_day:%d/%m/%Y} đến {period.last_day:%d/%m/%Y})"
    sheet.write_string(0, 0, title, bold)
    for at, (heading, width) in enumerate(_COLUMNS):
        sheet.set_column(at, at, width)
        sheet.write_string(1, at, heading, bold)
    sheet.freeze_panes(2, 1)
    _lay_out_for_paper(sheet)


def _lay_out_for_paper(sheet: Worksheet) -> None:
    """Have all columns on one page of A3 across, under their headings on each page."""
    sheet.set_paper(_A3)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 1)


def _row(figure: Figure) -> Iterator[Cell]:
    indicator = figure.indicator
    yield from (indicator.name_vi, figure.part_vi, _BASES[indicator.basis])
    yield from (figure.numerator, figure.denominator, None)
    yield from (_tenths(figure.median_s), _tenths(figure.p95_s))
    yield from (_target(figure), indicator.numerator_vi, indicator.denominator_vi)
    yield from (_as_of(figure), _source(figure), figure.entered_by)
    yield from (_time(figure.entered_at), figure.revision or None)


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _target(figure: Figure) -> str:
    indicator = figure.indicator
    if indicator.at_least_percent is not None:
        return f"≥ {indicator.at_least_percent} %"
    return "" if indicator.at_most_percent is None else f"≤ {indicator.at_most_percent} %"


def _source(figure: Figure) -> str:
    return "; ".join(SOURCES.get(part, part) for part in figure.source.split("; "))


def _as_of(figure: Figure) -> str:
    """Tell until when a figure counts: of one that was entered its last day, whose end is kept."""
    if figure.as_of is None or figure.indicator.basis is FigureBasis.MEASURED:
        return _time(figure.as_of)
    return f"{ward_local(figure.as_of) - timedelta(days=1):%d/%m/%Y}"


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{ward_local(at):%d/%m/%Y %H:%M}"
