"""Reading a register from files: what the simulator makes, or what an authority exports in the same form.

A folder with a manifest (`counts` by file, `sha256` by file name) and the files below; files of other services in the
same folder are left alone.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Sized
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from chassis.errors import DomainError, FieldInvalidError
from fire_safety.domain.premises.premises import MutualAidGroup
from fire_safety.domain.premises.supply_points import (
    SupplyPoint,
    SupplyPointKind,
    SupplyPointState,
)
from fire_safety.operations.register import Register
from fire_safety.wire.bounds import check_value
from fire_safety.wire.register_files import device_of_line, position_of, premises_of_line

MANIFEST = "manifest.json"
PREMISES = "premises.jsonl"
DEVICES = "devices.jsonl"
FIRE_POINTS = "fire_points.csv"
# Hydrants and water access; a manifest that does not name it has none.
WATER_POINTS = "water_points.csv"
GROUPS = "mutual_aid_groups.csv"
MEMBERS = "mutual_aid_members.csv"
# Columns that are read as numbers: a coordinate may have twelve decimals.
_NUMBERS = {"residential_group", "latitude", "longitude", "access_width_m"}
FILES = (PREMISES, DEVICES, FIRE_POINTS, GROUPS, MEMBERS)
VERSION = 1

Entry = TypeVar("Entry")
Number = TypeVar("Number", int, float)


class ImportRefusedError(Exception):
    """The files cannot be loaded; the text says which, where, and why, in Vietnamese and English.

    It holds nobody's data.
    """


def read_register(folder: Path) -> Register:
    """Read and check all files; raises ImportRefusedError."""
    names, counts = _checked(folder)
    premises = list(_lines(folder, PREMISES, premises_of_line))
    devices = list(_lines(folder, DEVICES, device_of_line))
    fire_points = list(_rows(folder, FIRE_POINTS, _fire_point))
    water_points = list(_rows(folder, WATER_POINTS, _water_point)) if WATER_POINTS in names else []
    members = list(_rows(folder, MEMBERS, lambda row: (row["group_id"], row["dwelling_id"])))
    groups = list(_rows(folder, GROUPS, lambda row: _group(row, members)))
    found: tuple[Sized, ...] = (premises, devices, fire_points, groups, members)
    for name, entries in zip(FILES, found, strict=True):
        _check_count(name, len(entries), counts)
    if WATER_POINTS in names:
        _check_count(WATER_POINTS, len(water_points), counts)
    return Register(premises, devices, [*fire_points, *water_points], groups)


def _checked(folder: Path) -> tuple[tuple[str, ...], dict[str, int]]:
    """Read the manifest and check that every file is the one it speaks of; tell their names, and its counts."""
    manifest = _manifest(folder)
    digests = manifest["sha256"]
    names = (*FILES, WATER_POINTS) if WATER_POINTS in digests else FILES
    for name in names:
        try:
            content = (folder / name).read_bytes()
        except OSError:
            raise ImportRefusedError(f"{name}: không đọc được / cannot be read") from None
        if digests.get(name) != hashlib.sha256(content).hexdigest():
            raise ImportRefusedError(
                f"{name}: không phải tệp mà {MANIFEST} nói đến / not the file that {MANIFEST} speaks of (sha256)"
            )
    return names, manifest["counts"]


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = manifest["version"] == VERSION
        shaped = isinstance(manifest["sha256"], dict) and isinstance(manifest["counts"], dict)
    except (OSError, ValueError, KeyError, TypeError):
        raise ImportRefusedError(
            f"{folder / MANIFEST}: không phải bản kê của một sổ / no manifest of a register"
        ) from None
    if not (known and shaped):
        raise ImportRefusedError(
            f"{MANIFEST}: cần phiên bản {VERSION} / version {VERSION} is needed"
        )
    return dict(manifest)


def _check_count(name: str, found: int, counts: dict[str, int]) -> None:
    expected = counts.get(Path(name).stem)
    if expected != found:
        raise ImportRefusedError(
            f"{name}: có {found} mục, nhưng {MANIFEST} ghi {expected}"
            f" / {found} entries, but {MANIFEST} says {expected}"
        )


def _lines(folder: Path, name: str, read: Callable[[str], Entry]) -> Iterator[Entry]:
    with (folder / name).open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _read(name, number, read, line)


def _rows(folder: Path, name: str, read: Callable[[dict[str, str]], Entry]) -> Iterator[Entry]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        for row in rows:
            yield _read(name, rows.line_num, lambda one: read(_of_columns(one)), row)


def _read(name: str, line: int, read: Callable[[Any], Entry], content: object) -> Entry:
    """Read one entry; whatever is wrong with it, the error says where it is."""
    where = f"{name}, dòng / line {line}"
    try:
        return read(content)
    except FieldInvalidError as error:
        raise ImportRefusedError(f"{where}, {told(error)}") from None
    except KeyError as error:
        raise ImportRefusedError(f"{where}: thiếu cột / column missing: {error}") from None
    except (DomainError, ValueError, TypeError):
        raise ImportRefusedError(f"{where}: không đọc được / cannot be read") from None


def told(error: FieldInvalidError) -> str:
    """Write which field is wrong and what it must be."""
    return f"{error.metadata['field']}: {error.rule.vi} / {error.rule.en}"


def _of_columns(row: dict[str, str]) -> dict[str, str]:
    """Refuse a row with other columns than the heading; raises ValueError, or FieldInvalidError by what it holds."""
    if None in row or None in row.values():
        raise ValueError("not as many columns as the heading")
    for column in row.keys() - _NUMBERS:
        check_value(column, row[column])
    return row


def _number(row: dict[str, str], column: str, kind: type[Number]) -> Number:
    number = kind(row[column])
    check_value(column, number)
    return number


def _fire_point(row: dict[str, str]) -> SupplyPoint:
    """Read a fire point; of its state the file may say nothing."""
    return _supply_point(row, row["fire_point_id"], SupplyPointKind.FIRE_POINT)


def _water_point(row: dict[str, str]) -> SupplyPoint:
    return _supply_point(row, row["water_point_id"], SupplyPointKind(row["kind"]))


def _supply_point(row: dict[str, str], supply_point_id: str, kind: SupplyPointKind) -> SupplyPoint:
    inspected = date.fromisoformat(row["last_inspected_on"])
    return SupplyPoint(
        supply_point_id=supply_point_id,
        kind=kind,
        residential_group=_number(row, "residential_group", int),
        address=row["address"],
        position=position_of(float(row["latitude"]), float(row["longitude"])),
        equipment=row["equipment"],
        custodian_function=row["custodian_function"],
        access_width_m=_number(row, "access_width_m", float),
        last_inspected_on=inspected,
        state=SupplyPointState(row.get("state") or SupplyPointState.UNSPECIFIED),
        state_note=row.get("state_note") or "",
        state_as_of=inspected,
    )


def _group(row: dict[str, str], members: list[tuple[str, str]]) -> MutualAidGroup:
    group_id = row["group_id"]
    return MutualAidGroup(
        group_id=group_id,
        residential_group=_number(row, "residential_group", int),
        name=row["name"],
        dwelling_ids=frozenset(dwelling for group, dwelling in members if group == group_id),
    )
