"""Entries from the rows of a table."""

from collections.abc import Sequence
from typing import Any

from chassis.sheets import (
    Limits,
    Row,
    SheetInvalidError,
    SheetProblem,
    is_shifted,
    numbered,
    read_rows,
)
from fire_safety.domain.devices.registration import Entry, Fault, Refusal
from fire_safety.wire.device_tables.columns import BY_HEADING, REQUIRED, TITLES, Column, plain
from fire_safety.wire.device_tables.problems import DeviceFileInvalidError


def read_table(content: bytes, limits: Limits) -> list[Entry]:
    """Read a CSV or XLSX file: one entry for each row that holds something.

    What a row has wrong is told in its entry. A column that is not there leaves what the register says; an empty cell
    empties it. Raises DeviceFileInvalidError where the file as a whole cannot be used.
    """
    try:
        return _entries(read_rows(content, limits))
    except SheetInvalidError as error:
        raise DeviceFileInvalidError(error) from error


def _entries(rows: list[Row]) -> list[Entry]:
    if not rows:
        raise SheetInvalidError(SheetProblem.EMPTY)
    columns = _columns(rows[0])
    entries = [_entry(number, columns, row) for number, row in numbered(rows)]
    if not entries:
        raise SheetInvalidError(SheetProblem.EMPTY)
    return entries


def _columns(headings: Row) -> list[Column | None]:
    """Tell what each column means; None for one without a heading. A heading that nobody knows is refused."""
    columns = [_column(heading) for heading in headings]
    named = [one.field for one in columns if one]
    missing = [name for name in REQUIRED if name not in named]
    if missing:
        raise SheetInvalidError(SheetProblem.NO_HEADING, TITLES[missing[0]])
    twice = [name for name in named if named.count(name) > 1]
    if twice:
        raise SheetInvalidError(SheetProblem.HEADING_TWICE, TITLES[twice[0]])
    return columns


def _column(heading: str) -> Column | None:
    if not heading.strip():
        return None
    found = BY_HEADING.get(plain(heading))
    if found is None:
        raise SheetInvalidError(SheetProblem.UNKNOWN_HEADING, heading.strip())
    return found


def _entry(number: int, columns: Sequence[Column | None], row: Row) -> Entry:
    values: dict[str, Any] = {}
    refusals = []
    cells = [cell.strip() for cell in row] + [""] * (len(columns) - len(row))
    for column, cell in zip(columns, cells, strict=False):
        if column is None:
            continue
        try:
            values[column.field] = column.read(cell)
        except ValueError:
            refusals.append(Refusal(column.field, column.fault))
    if is_shifted(columns, row):
        refusals.append(Refusal("row", Fault.SHIFTED))
    return Entry(values.pop("device_id"), values, number=number, refusals=tuple(refusals))
