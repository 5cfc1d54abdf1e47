"""The columns of a table of devices: their headings, and how their cells are read."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from chassis.sheets import ERROR_VALUES
from fire_safety.domain.devices.device import DeviceKind, PayloadFormat, Protocol
from fire_safety.domain.devices.registration import Fault

_NOT_A_LETTER = re.compile(r"[^0-9a-z]+")
_VIETNAMESE_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_KIND_NAMES = {
    "khoi": DeviceKind.SMOKE,
    "nhiet": DeviceKind.HEAT,
    "khoi nhiet": DeviceKind.SMOKE_HEAT,
    "khi co": DeviceKind.CO,
    "khoi co": DeviceKind.SMOKE_CO,
    "nut an": DeviceKind.MANUAL_CALL_POINT,
    "nut an bao chay": DeviceKind.MANUAL_CALL_POINT,
    "tu trung tam": DeviceKind.PANEL,
    "tu trung tam bao chay": DeviceKind.PANEL,
    "thiet bi truyen tin": DeviceKind.GATEWAY,
    "thiet bi truyen tin bao chay": DeviceKind.GATEWAY,
}
_TRUTHS = {
    **dict.fromkeys(("co", "yes", "true", "x", "1", "dien luoi", "mains"), True),
    **dict.fromkeys(("", "khong", "no", "false", "0", "pin", "battery"), False),
}


@dataclass(frozen=True)
class Column:
    """One column: the field it fills, its Vietnamese heading, an example, and how a cell is read.

    `read` raises ValueError for what `fault` then explains.
    """

    field: str
    heading: str
    example: str
    read: Callable[[str], Any]
    fault: Fault

    @property
    def title(self) -> str:
        """The heading as the template has it."""
        return f"{self.heading} / {self.field}"


def plain(text: str) -> str:
    """Reduce a text to what a tired hand leaves of it: no case, no accents, no signs."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return _NOT_A_LETTER.sub(" ", bare).strip()


def _text(text: str) -> str:
    if text in ERROR_VALUES:
        raise ValueError("the formula failed")
    return text


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError("not a whole number")
    return int(text)


def _floor(text: str) -> int:
    return _number(text) if text else 0


def _truth(text: str) -> bool:
    try:
        return _TRUTHS[plain(text)]
    except KeyError:
        raise ValueError("neither yes nor no") from None


def _day(text: str) -> date | None:
    if not text:
        return None
    local = _VIETNAMESE_DAY.fullmatch(text)
    if local:
        day, month, year = map(int, local.groups())
        return date(year, month, day)
    return date.fromisoformat(text)


def _one_of(
    known: type[StrEnum], default: StrEnum, names: Mapping[str, StrEnum] | None = None
) -> Callable[[str], StrEnum]:
    by_name = {plain(one.value): one for one in known} | dict(names or {})

    def read(text: str) -> StrEnum:
        found = by_name.get(plain(text)) if text else default
        if found is None:
            raise ValueError("not one of them")
        return found

    return read


COLUMNS = (
    Column("device_id", "Mã thiết bị", "CS0042-D01", str, Fault.DEVICE_ID),
    Column(
        "kind",
        "Loại thiết bị",
        "khói, nhiệt",
        _one_of(DeviceKind, DeviceKind.SMOKE_HEAT, _KIND_NAMES),
        Fault.KIND,
    ),
    Column("model", "Kiểu máy", "KN-10", _text, Fault.TEXT),
    Column("firmware", "Phiên bản phần mềm", "2.4.1", _text, Fault.TEXT),
    Column("protocol", "Giao thức", "MQTT", _one_of(Protocol, Protocol.NATS), Fault.PROTOCOL),
    Column(
        "payload_format",
        "Định dạng dữ liệu",
        "SENML_JSON",
        _one_of(PayloadFormat, PayloadFormat.NATIVE),
        Fault.FORMAT,
    ),
    Column("premises_id", "Mã cơ sở", "CS-0042", str, Fault.PREMISES),
    Column("zone_id", "Mã vùng báo cháy", "", str, Fault.ZONE_ELSEWHERE),
    Column("floor", "Tầng", "2", _floor, Fault.FLOOR),
    Column("mains_powered", "Dùng điện lưới", "không", _truth, Fault.YES_OR_NO),
    Column("interval_s", "Chu kỳ báo (giây)", "60", _number, Fault.INTERVAL),
    Column("profile_id", "Hồ sơ phát hiện", "", str, Fault.PROFILE),
    Column("gateway_id", "Mã thiết bị truyền tin", "", str, Fault.GATEWAY_UNKNOWN),
    Column("mutual_aid_group_id", "Mã tổ liên gia", "", str, Fault.GROUP),
    Column("installed_on", "Ngày lắp đặt", "27/11/2026", _day, Fault.DATE),
    Column("end_of_life_on", "Ngày hết hạn sử dụng", "27/11/2036", _day, Fault.DATE),
    Column("last_tested_on", "Ngày kiểm tra gần nhất", "27/11/2026", _day, Fault.DATE),
)
REQUIRED = ("device_id", "interval_s")
TITLES = {column.field: column.title for column in COLUMNS}
BY_HEADING = {
    plain(heading): column
    for column in COLUMNS
    for heading in (column.field, column.heading, column.title)
}
