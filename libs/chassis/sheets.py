"""Rows of texts from the bytes of a CSV or XLSX file, however hostile."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from itertools import islice

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

Row = list[str]
# The first and the last cell of merged ones: row and column of each, from 0.
_Area = tuple[tuple[int, int], tuple[int, int]]

_ZIP = b"PK"
# What older Excel and files with a password begin with.
_COMPOUND = b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",;\t"
_SHOWN = 40
_MAX_PARTS = 500
# Up to column AZ.
_MAX_COLUMNS = 52
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
# Where a row or cell says that it stands: `r="B12"`.
_PLACES = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]*)([0-9]*)""")

# A cell that holds an error, such as #N/A of a formula: a reader gives nothing for it.
_ERRORS = re.compile(rb"""(<(?:\w+:)?c\s(?:[^<>]*?\s)?t\s*=\s*["'])e(?=["'])""")
# A formula whose value nobody has computed yet, as programs other than table programs write it.
_UNCOMPUTED = re.compile(
    rb"""(<(\w+:)?c(?=[\s>])(?:(?!\st\s*=)[^<>])*)"""
    rb"""(>\s*<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>))"""
    rb"""\s*(?:(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v\s*>\s*</(?:\w+:)?v\s*>)\s*)?(?=</(?:\w+:)?c\s*>)"""
)
# What a cell with an error shows (ECMA-376 part 1, 18.17.3).
ERROR_VALUES = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})


# What is wrong with a row that is wider than the headings, in Vietnamese and in English.
SHIFTED = (
    "nhiều ô hơn tiêu đề: ô có dấu phân cách phải đặt trong ngoặc kép",
    "more cells than headings: quote a cell that holds the separator",
)


class SheetProblem(Enum):
    """Why a file cannot be used, in Vietnamese and in English; what it is about follows."""

    EMPTY = ("tệp không có dòng nào", "the file has no rows")
    TOO_LARGE = ("tệp quá lớn; giới hạn", "the file is too large; the limit is")
    TOO_MANY_ROWS = ("quá nhiều dòng; giới hạn", "too many rows; the limit is")
    TOO_WIDE = ("quá nhiều cột", "too many columns")
    NOT_UTF8 = (
        "không phải XLSX hay CSV mã UTF-8; trong Excel, chọn «CSV UTF-8» khi lưu; dòng",
        "neither XLSX nor CSV in UTF-8; in Excel, save it as 'CSV UTF-8'; row",
    )
    BROKEN = ("tệp hỏng hoặc không phải bảng tính", "the file is damaged, or no table")
    TORN = (
        "dấu ngoặc kép không đóng hoặc đặt sai chỗ, hoặc một ô quá dài; dòng",
        "a quotation mark is not closed or in the wrong place, or a cell is too long; row",
    )
    PASSWORD = (
        "tệp có mật khẩu, hoặc của Excel đời cũ (.xls): lưu lại thành .xlsx không mật khẩu",
        "the file has a password, or is of old Excel (.xls): save it as .xlsx without one",
    )
    NO_HEADING = (
        "thiếu cột bắt buộc; dòng 1 phải là tiêu đề cột",
        "a column is missing; row 1 must hold the headings:",
    )
    UNKNOWN_HEADING = ("không biết cột", "there is no column of this name:")
    # Where a heading may not be repeated, the column is told by its place.
    UNKNOWN_COLUMN = ("không biết tiêu đề của cột số", "there is no such heading as in column")
    HEADING_TWICE = ("hai cột cùng nghĩa", "two columns mean the same:")

    @property
    def vi(self) -> str:
        """Say it in Vietnamese."""
        return self.value[0]

    @property
    def en(self) -> str:
        """Say it in English."""
        return self.value[1]


class SheetInvalidError(Exception):
    """A file as a whole cannot be used; `detail` tells what the problem is about."""

    def __init__(self, problem: SheetProblem, detail: str = "") -> None:
        super().__init__(problem.en)
        self.problem = problem
        self.detail = "".join(one for one in detail if one.isprintable())[:_SHOWN]


@dataclass(frozen=True)
class Limits:
    """Bytes of the file, bytes of what an XLSX unfolds to, and rows below the headings."""

    file_bytes: int
    unfolded_bytes: int
    rows: int


def read_rows(content: bytes, limits: Limits) -> list[Row]:
    """Read all rows, the headings first; raises SheetInvalidError."""
    if len(content) > limits.file_bytes:
        raise SheetInvalidError(SheetProblem.TOO_LARGE, f"{limits.file_bytes // 2**20} MiB")
    rows = _xlsx_rows(content, limits) if content.startswith(_ZIP) else _csv_rows(content, limits)
    if len(rows) > limits.rows + 1:
        raise SheetInvalidError(SheetProblem.TOO_MANY_ROWS, str(limits.rows))
    if max(map(len, rows), default=0) > _MAX_COLUMNS:
        raise SheetInvalidError(SheetProblem.TOO_WIDE)
    return rows


def _csv_rows(content: bytes, limits: Limits) -> list[Row]:
    if content.startswith(_COMPOUND):
        raise SheetInvalidError(SheetProblem.PASSWORD)
    text = _decoded(content)
    headings = text.partition("\n")[0]
    # Where the comma separates decimals, Excel separates cells by semicolons.
    delimiter = max(_DELIMITERS, key=headings.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(islice(reader, limits.rows + 2))
    except csv.Error as error:
        raise SheetInvalidError(SheetProblem.TORN, f"{reader.line_num}") from error


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise SheetInvalidError(SheetProblem.NOT_UTF8, str(number)) from None


def _xlsx_rows(content: bytes, limits: Limits) -> list[Row]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(_unfolded(content, limits)))
        sheet = book.get_sheet_by_index(0)
        rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        _fill_merged(rows, sheet.merged_cell_ranges or [], limits)
    except PasswordError:
        raise SheetInvalidError(SheetProblem.PASSWORD) from None
    except (
        CalamineError,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise SheetInvalidError(SheetProblem.BROKEN) from error
    return rows


def _fill_merged(rows: list[Row], areas: Sequence[_Area], limits: Limits) -> None:
    """Write what stands in merged cells into each of them: that is how people read one code beside ten rows.

    Headings stay as they are: one that reaches over two rows or columns is one heading all the same. Areas that cover
    more than a table may hold overlap, as no table program writes them.
    """
    left = limits.rows * _MAX_COLUMNS
    columns = len(rows[0]) if rows else 0
    for (top, first), (bottom, last) in areas:
        height, width = min(bottom + 1, len(rows)) - top, min(last + 1, columns) - first
        there = top > 0 and height > 0 and width > 0
        left -= height * width if there else 1
        if left < 0:
            raise SheetInvalidError(SheetProblem.BROKEN)
        for row in rows[top : top + height] if there else []:
            row[first : first + width] = [rows[top][first]] * width


def _unfolded(content: bytes, limits: Limits) -> bytes:
    """Unfold an archive within bounds, and fold nothing again: what reads it can meet no bomb any more."""
    plain = io.BytesIO()
    left = limits.unfolded_bytes
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(plain, "w") as stored:
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS:
            raise SheetInvalidError(SheetProblem.BROKEN)
        for part in parts:
            left -= part.file_size
            if left < 0:
                raise SheetInvalidError(
                    SheetProblem.TOO_LARGE, f"{limits.unfolded_bytes // 2**20} MiB"
                )
            # Reads at most the size that the part declares.
            unfolded = archive.read(part)
            if _SHEETS.fullmatch(part.filename):
                _check_places(unfolded, limits)
                # What is seen is read, and refused where it stands; an empty cell would empty the register's.
                unfolded = _ERRORS.sub(rb"\1str", unfolded)
                unfolded = _UNCOMPUTED.sub(rb"""\1 t="str"\3<\2v>#N/A</\2v>""", unfolded)
            stored.writestr(part.filename, unfolded)
    return plain.getvalue()


def _check_places(sheet: bytes, limits: Limits) -> None:
    """Refuse cells far out: a reader makes room for all that lies between."""
    for place in _PLACES.finditer(sheet):
        column, row = place.groups()
        if row and int(row[:9]) > limits.rows + 1:
            raise SheetInvalidError(SheetProblem.TOO_MANY_ROWS, str(limits.rows))
        if len(column) > 2 or (len(column) == 2 and column.upper() > b"AZ"):  # noqa: PLR2004 - letters
            raise SheetInvalidError(SheetProblem.TOO_WIDE)


def _text(cell: object) -> str:
    """Write a cell as somebody would have typed it."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def numbered(rows: list[Row]) -> Iterator[tuple[int, Row]]:
    """Give the rows below the headings that hold something, with their numbers."""
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            yield number, row


def is_shifted(columns: Sequence[object], row: Row) -> bool:
    """Tell whether something stands behind the last column: then what stands before it is not surely in its own."""
    return any(cell.strip() for cell in row[len(columns) :])
