"""The table of statistics as a file."""

import csv
import io
from collections.abc import Iterable, Iterator

from xlsxwriter import Workbook

from residency.domain.residence.registrations import ResidenceKind
from residency.domain.residence.statistics import Cell

_HEADINGS = (
    "Tổ dân phố / residential_group",
    "Hình thức / kind",
    "Tuổi / age",
    "Số người / people",
)
_KINDS = {ResidenceKind.PERMANENT: "thường trú", ResidenceKind.TEMPORARY: "tạm trú"}
# With dashes, not hyphens: a table program takes 6-15 of a CSV for the fifteenth of June.
_BANDS = ("0\N{EN DASH}5", "6\N{EN DASH}15", "16\N{EN DASH}59", "60\N{EN DASH}74", "75+")


def csv_of(cells: Iterable[Cell], smallest: int) -> bytes:
    """Write CSV in UTF-8 with the mark by which Excel knows it."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([_HEADINGS, *_rows(cells, smallest)])
    return written.getvalue().encode("utf-8-sig")


def xlsx_of(cells: Iterable[Cell], smallest: int) -> bytes:
    """Write a workbook of one sheet."""
    written = io.BytesIO()
    with Workbook(written, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("thống kê")
        sheet.set_column(0, len(_HEADINGS) - 1, 26)
        sheet.freeze_panes(1, 0)
        # On paper all columns are on one page, under their headings on each.
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for at, row in enumerate([_HEADINGS, *_rows(cells, smallest)]):
            sheet.write_row(at, 0, row)
    return written.getvalue()


def _rows(cells: Iterable[Cell], smallest: int) -> Iterator[tuple[int | str, ...]]:
    for cell in cells:
        number = f"< {smallest}" if cell.number is None else cell.number
        yield cell.residential_group, _KINDS[cell.kind], _BANDS[cell.band], number
