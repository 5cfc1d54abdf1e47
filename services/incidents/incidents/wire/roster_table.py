"""Reads a table of duties, CSV or XLSX: one row a shift of an officer, headings in Vietnamese or English."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date

from chassis.sheets import (
    SHIFTED,
    Limits,
    Row,
    SheetInvalidError,
    SheetProblem,
    is_shifted,
    numbered,
    read_rows,
)
from incidents.domain.duty.requests import RosterProblem, RosterRow
from incidents.domain.duty.roster import DutyFunction

LIMITS = Limits(file_bytes=2**20, unfolded_bytes=16 * 2**20, rows=5000)
_LOCAL_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
# Each column with what its cells hold, Vietnamese and English.
_COLUMNS: Mapping[str, tuple[str, str]] = {
    "day": ("ngày/tháng/năm", "YYYY-MM-DD"),
    "shift": ("mã ca trực", "code of a shift"),
    "function": (
        "trực ban, phó trực ban, cán bộ PCCC, lực lượng tại chỗ hoặc lãnh đạo phường",
        "duty_officer, deputy_duty_officer, fire_officer, responder or ward_executive",
    ),
    "account": ("tài khoản của cán bộ", "account of an officer"),
}
# As officers write them; each may also be written by the name on the left.
_TITLES = {"day": "Ngày", "shift": "Ca", "function": "Chức trách", "account": "Tài khoản"}
_FUNCTIONS: Mapping[str, DutyFunction] = {
    **{one.lower().replace("_", " "): one for one in DutyFunction},
    "truc ban": DutyFunction.DUTY_OFFICER,
    "pho truc ban": DutyFunction.DEPUTY_DUTY_OFFICER,
    "can bo pccc": DutyFunction.FIRE_OFFICER,
    "luc luong tai cho": DutyFunction.RESPONDER,
    "lanh dao phuong": DutyFunction.WARD_EXECUTIVE,
}


def read_roster(content: bytes) -> tuple[tuple[RosterRow, ...], tuple[RosterProblem, ...]]:
    """Read all rows, and tell what is wrong with them, or with the file as a whole."""
    try:
        return _read(read_rows(content, LIMITS))
    except SheetInvalidError as error:
        said = (error.problem.vi, error.problem.en)
        vi, en = (f"{one} {error.detail}".strip() for one in said)
        return (), (RosterProblem(0, "", vi, en),)


def _read(rows: list[Row]) -> tuple[tuple[RosterRow, ...], tuple[RosterProblem, ...]]:
    columns = _columns(rows[0] if rows else [])
    read: list[RosterRow] = []
    problems: list[RosterProblem] = []
    for number, row in numbered(rows):
        if is_shifted(columns, row):
            problems.append(RosterProblem(number, "", *SHIFTED))
            continue
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name}
        day, function = _day(cells.get("day", "")), _function(cells.get("function", ""))
        shift, account = cells.get("shift", ""), cells.get("account", "")
        said = {"day": day, "shift": shift, "function": function, "account": account}
        wrong = [name for name, value in said.items() if not value]
        problems += [RosterProblem(number, name, *_COLUMNS[name]) for name in wrong]
        if day and function and not wrong:
            read.append(RosterRow(number, day, shift, function, account))
    if not read and not problems:
        raise SheetInvalidError(SheetProblem.EMPTY)
    return tuple(read), tuple(problems)


def _columns(headings: Row) -> Sequence[str]:
    """Tell what each column means, empty for one without a heading."""
    columns = [_column(heading) for heading in headings]
    for name in _COLUMNS:
        if columns.count(name) == 0:
            raise SheetInvalidError(SheetProblem.NO_HEADING, f"{_TITLES[name]} ({name})")
        if columns.count(name) > 1:
            raise SheetInvalidError(SheetProblem.HEADING_TWICE, f"{_TITLES[name]} ({name})")
    return columns


def _column(heading: str) -> str:
    plain = _plain(heading)
    name = next((one for one, title in _TITLES.items() if _plain(title) == plain), plain)
    if name and name not in _COLUMNS:
        raise SheetInvalidError(SheetProblem.UNKNOWN_HEADING, heading.strip())
    return name


def _day(text: str) -> date | None:
    local = _LOCAL_DAY.fullmatch(text)
    try:
        if local:
            day, month, year = map(int, local.groups())
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        return None


def _function(text: str) -> DutyFunction | None:
    return _FUNCTIONS.get(_plain(text))


def _plain(text: str) -> str:
    """Write a text small and without diacritics, as people type it who have no Vietnamese keyboard."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d").replace("_", " "))
    return " ".join("".join(one for one in parts if not unicodedata.combining(one)).split())
