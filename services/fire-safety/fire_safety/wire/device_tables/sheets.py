"""Rows of texts from the bytes of a CSV or XLSX file, however hostile."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from fire_safety.wire.device_tables.limits import Limits
from fire_safety.wire.device_tables.problems import DeviceFileInvalidError, SheetProblem

Row = list[str]

_ZIP = b"PK"
# What older Excel and files with a password begin with.
_COMPOUND = b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",;\t"
_MAX_PARTS = 500
# Up to column AZ.
_MAX_COLUMNS = 52
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
# Where a row or cell says that it stands: `r="B12"`.
_PLACES = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]*)([0-9]*)""")


def read_rows(content: bytes, limits: Limits) -> list[Row]:
    """Read all rows, the headings first; raises DeviceFileInvalidError."""
    if len(content) > limits.file_bytes:
        raise DeviceFileInvalidError(SheetProblem.TOO_LARGE, f"{limits.file_bytes // 2**20} MiB")
    rows = _xlsx_rows(content, limits) if content.startswith(_ZIP) else _csv_rows(content, limits)
    if len(rows) > limits.rows + 1:
        raise DeviceFileInvalidError(SheetProblem.TOO_MANY_ROWS, str(limits.rows))
    if max(map(len, rows), default=0) > _MAX_COLUMNS:
        raise DeviceFileInvalidError(SheetProblem.TOO_WIDE)
    return rows


def _csv_rows(content: bytes, limits: Limits) -> list[Row]:
    if content.startswith(_COMPOUND):
        raise DeviceFileInvalidError(SheetProblem.PASSWORD)
    text = _decoded(content)
    headings = text.partition("\n")[0]
    # Where the comma separates decimals, Excel separates cells by semicolons.
    delimiter = max(_DELIMITERS, key=headings.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(islice(reader, limits.rows + 2))
    except csv.Error as error:
        raise DeviceFileInvalidError(SheetProblem.BROKEN, f"{reader.line_num}") from error


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise DeviceFileInvalidError(SheetProblem.NOT_UTF8, str(number)) from None


def _xlsx_rows(content: bytes, limits: Limits) -> list[Row]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(_unfolded(content, limits)))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except PasswordError:
        raise DeviceFileInvalidError(SheetProblem.PASSWORD) from None
    except (
        CalamineError,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise DeviceFileInvalidError(SheetProblem.BROKEN) from error
    return [[_text(cell) for cell in row] for row in rows]


def _unfolded(content: bytes, limits: Limits) -> bytes:
    """Unfold an archive within bounds, and fold nothing again: what reads it can meet no bomb any more."""
    plain = io.BytesIO()
    left = limits.unfolded_bytes
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(plain, "w") as stored:
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS:
            raise DeviceFileInvalidError(SheetProblem.BROKEN)
        for part in parts:
            left -= part.file_size
            if left < 0:
                raise DeviceFileInvalidError(
                    SheetProblem.TOO_LARGE, f"{limits.unfolded_bytes // 2**20} MiB"
                )
            # Reads at most the size that the part declares.
            unfolded = archive.read(part)
            if _SHEETS.fullmatch(part.filename):
                _check_places(unfolded, limits)
            stored.writestr(part.filename, unfolded)
    return plain.getvalue()


def _check_places(sheet: bytes, limits: Limits) -> None:
    """Refuse cells far out: a reader makes room for all that lies between."""
    for place in _PLACES.finditer(sheet):
        column, row = place.groups()
        if row and int(row[:9]) > limits.rows + 1:
            raise DeviceFileInvalidError(SheetProblem.TOO_MANY_ROWS, str(limits.rows))
        if len(column) > 2 or (len(column) == 2 and column.upper() > b"AZ"):  # noqa: PLR2004 - letters
            raise DeviceFileInvalidError(SheetProblem.TOO_WIDE)


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
