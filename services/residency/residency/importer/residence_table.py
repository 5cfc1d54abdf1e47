"""Reads a table of residences, CSV or XLSX: one row a registration, headings in Vietnamese or English."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from chassis.errors import DomainError
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
from residency.domain import spelling
from residency.domain.persons.identity import Sex
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.places.address import Gazetteer
from residency.domain.places.address_words import PartKind
from residency.domain.residence.registrations import ResidenceKind, Term
from residency.domain.residence.rows import Declared, Fault, Home, ResidenceRow
from residency.importer import cells

_Value = TypeVar("_Value")
# A whole ward several times over: what a hostile file may make of memory is bounded all the same.
LIMITS = Limits(file_bytes=64 * 2**20, unfolded_bytes=512 * 2**20, rows=200_000)

_LOCAL = re.compile(r"(?:([0-9]{1,2})[/.-])?([0-9]{1,2})[/.-]([0-9]{4})")
_KINDS = {
    "thuong tru": ResidenceKind.PERMANENT,
    "permanent": ResidenceKind.PERMANENT,
    "tam tru": ResidenceKind.TEMPORARY,
    "temporary": ResidenceKind.TEMPORARY,
}
_SEXES = {"nam": Sex.MALE, "m": Sex.MALE, "nu": Sex.FEMALE, "f": Sex.FEMALE}


@dataclass(frozen=True)
class Column:
    """A column: its name, its Vietnamese heading, and what its cells hold, in both languages."""

    name: str
    heading: str
    vi: str
    en: str
    required: bool = True

    @property
    def title(self) -> str:
        """Name it as officers write it, and as it is called."""
        return f"{self.heading} ({self.name})"


COLUMNS = (
    Column("personal_id_number", "Số định danh", "12 chữ số hợp lệ, dạng văn bản", "12 valid digits, as text"),
    Column("full_name", "Họ và tên", "chữ và dấu cách, tối đa 120 ký tự", "1 to 120 characters of a name"),
    Column("birth_date", "Ngày sinh", "[[ngày/]tháng/]năm, không ở tương lai", "YYYY[-MM[-DD]], not to come"),
    Column("sex", "Giới tính", "nam hoặc nữ", "M or F"),
    Column("kind", "Hình thức", "thường trú hoặc tạm trú", "PERMANENT or TEMPORARY"),
    Column("valid_from", "Từ ngày", "ngày/tháng/năm", "YYYY-MM-DD"),
    Column("valid_until", "Đến ngày", "ngày/tháng/năm, hoặc để trống", "YYYY-MM-DD or nothing", required=False),
    Column("address", "Địa chỉ", "địa chỉ của tòa nhà", "the address of a building"),
    Column("floor", "Tầng", "số tầng, hoặc để trống", "a whole number or nothing", required=False),
    Column("unit", "Căn hộ", "tên căn hộ, hoặc để trống", "a line of text or nothing", required=False),
)  # fmt: skip
_BY_HEADING = {
    " ".join(spelling.words(text.replace("_", " "))): column
    for column in COLUMNS
    for text in (column.name, column.heading, f"{column.heading} {column.name}")
}


@dataclass(frozen=True)
class ResidenceTable:
    """Reads tables by the ward's reference data, as on a day."""

    codes: RegistrationCodes
    gazetteer: Gazetteer
    today: date
    # A table names an address as often as it names residents there.
    _addresses: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, content: bytes) -> list[ResidenceRow]:
        """Read all rows, each with its own faults; raises SheetInvalidError where the file cannot be used."""
        rows = read_rows(content, LIMITS)
        columns = _columns(rows[0] if rows else [])
        read = [self._row(number, columns, row) for number, row in numbered(rows)]
        if not read:
            raise SheetInvalidError(SheetProblem.EMPTY)
        return read

    def _row(self, number: int, columns: Sequence[Column | None], row: Row) -> ResidenceRow:
        said = zip(columns, row, strict=False)
        texts = {column.name: cell.strip() for column, cell in said if column}
        values: dict[str, Any] = {}
        faults = [Fault("", *SHIFTED)] if is_shifted(columns, row) else []
        for column in COLUMNS:
            try:
                values[column.name] = self._read(column.name, texts.get(column.name, ""))
            except (ValueError, DomainError):
                faults.append(Fault(column.name, column.vi, column.en))
        return ResidenceRow(number, None if faults else _declared(values), faults)

    def _read(self, column: str, text: str) -> Any:  # noqa: ANN401 - what a column holds is its own
        match column:
            case "personal_id_number":
                return PersonalIdNumber.parse(text, self.codes, self.today)
            case "full_name":
                return FullName.parse(text)
            case "birth_date":
                return cells.birth_date(_iso(text), self.today)
            case "sex":
                return _one_of(_SEXES, text)
            case "kind":
                return _one_of(_KINDS, text)
            case "valid_from":
                return cells.day(_iso(text))
            case "valid_until":
                return cells.day(_iso(text)) if text else None
            case "floor":
                return cells.whole(text) if text else None
            case "unit":
                return cells.line_of_text(text).casefold() if text else ""
            case _:
                return self._address(cells.line_of_text(text))

    def _address(self, text: str) -> tuple[str, str]:
        """Tell which building an address names, and which flat in it."""
        if text not in self._addresses:
            address = self.gazetteer.parse(text)
            flat = address.named(PartKind.FLAT).casefold()
            self._addresses[text] = self.gazetteer.building_key(address), flat
        return self._addresses[text]


def _columns(headings: Row) -> list[Column | None]:
    """Tell what each column means; None for one without a heading. A heading that nobody knows is refused.

    It is told by where it stands: in a table without headings a person's number stands there.
    """
    columns = [_column(place, heading) for place, heading in enumerate(headings, start=1)]
    named = [one.name for one in columns if one]
    for column in COLUMNS:
        if column.required and column.name not in named:
            raise SheetInvalidError(SheetProblem.NO_HEADING, column.title)
        if named.count(column.name) > 1:
            raise SheetInvalidError(SheetProblem.HEADING_TWICE, column.title)
    return columns


def _column(place: int, heading: str) -> Column | None:
    if not heading.strip():
        return None
    found = _BY_HEADING.get(_plain(heading.replace("_", " ")))
    if found is None:
        raise SheetInvalidError(SheetProblem.UNKNOWN_COLUMN, str(place))
    return found


def _declared(values: Mapping[str, Any]) -> Declared:
    building_key, flat = values["address"]
    return Declared(
        home=Home(building_key, values["floor"], values["unit"] or flat),
        kind=values["kind"],
        number=values["personal_id_number"],
        full_name=values["full_name"],
        birth_date=values["birth_date"],
        sex=values["sex"],
        term=Term(values["valid_from"], values["valid_until"]),
    )


def _iso(text: str) -> str:
    """Turn a day or month as it is written in Vietnam into one of ISO 8601; what is none stays as it is."""
    local = _LOCAL.fullmatch(text)
    if local is None:
        return text
    day, month, year = local.groups()
    parts = [int(part) for part in (month, day) if part]
    return "-".join([year, *(f"{part:02d}" for part in parts)])


def _one_of(known: Mapping[str, _Value], text: str) -> _Value:
    found = known.get(_plain(text))
    if found is None:
        raise ValueError("not one of them")
    return found


def _plain(text: str) -> str:
    return " ".join(spelling.words(text))
