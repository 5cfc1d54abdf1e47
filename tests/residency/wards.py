"""Writes a small ward as the simulator does, with any cell changed."""

import csv
import hashlib
import io
import json
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

from residency.importer.register import COLUMNS

Tables = dict[str, list[dict[str, str]]]


def _id(kind: int, serial: int) -> str:
    return str(UUID(int=kind * 1000 + serial, version=4))


BUILDING, DWELLING, EMPTY_DWELLING = _id(1, 1), _id(2, 1), _id(2, 2)
GRANDMOTHER, TENANT = _id(3, 1), _id(3, 2)
HOUSEHOLD = _id(4, 1)

WARD: Tables = {
    "buildings": [
        {
            "building_id": BUILDING,
            "ward_code": "11002",
            "residential_group": "7",
            "address": "số 12 ngõ 34, phố Thử Nghiệm",
            "storeys": "2",
        }
    ],
    "dwellings": [
        {"dwelling_id": DWELLING, "building_id": BUILDING, "floor": "1", "unit": ""},
        {"dwelling_id": EMPTY_DWELLING, "building_id": BUILDING, "floor": "2", "unit": "P201"},
    ],
    "persons": [
        {
            "person_id": GRANDMOTHER,
            "personal_id_number": "999145000001",
            "full_name": "Phạm Thị Giả Định",
            "birth_date": "1945",
            "sex": "F",
        },
        {
            "person_id": TENANT,
            "personal_id_number": "999201000002",
            "full_name": "Trần Văn Ví Dụ",
            "birth_date": "2001-06",
            "sex": "M",
        },
    ],
    "households": [
        {"household_id": HOUSEHOLD, "dwelling_id": DWELLING, "householder_id": GRANDMOTHER}
    ],
    "registrations": [
        {
            "registration_id": _id(5, 1),
            "person_id": GRANDMOTHER,
            "dwelling_id": DWELLING,
            "household_id": HOUSEHOLD,
            "kind": "PERMANENT",
            "relationship_to_householder": "chủ hộ",
            "valid_from": "1999-01-01",
            "valid_until": "",
        },
        {
            "registration_id": _id(5, 2),
            "person_id": TENANT,
            "dwelling_id": DWELLING,
            "household_id": HOUSEHOLD,
            "kind": "TEMPORARY",
            "relationship_to_householder": "",
            "valid_from": "2026-03-01",
            "valid_until": "2027-03-01",
        },
    ],
    "assistance_needs": [
        {"person_id": GRANDMOTHER, "type": "MOBILITY", "review_on": "2027-01-01"},
        {"person_id": GRANDMOTHER, "type": "OXYGEN", "review_on": "2027-01-01"},
    ],
}


def ward(*changes: tuple[str, int, str, str]) -> Tables:
    """Copy the ward with cells changed: table, row, column, value."""
    tables = deepcopy(WARD)
    for table, row, column, value in changes:
        tables[table][row][column] = value
    return tables


def write(directory: Path, tables: Tables, **manifest: Any) -> Path:
    """Write the files and their manifest, of which members can be replaced."""
    directory.mkdir(exist_ok=True)
    for table, rows in tables.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS[table], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        (directory / f"{table}.csv").write_text(text.getvalue(), encoding="utf-8")
    vouch(directory, tables, **manifest)
    return directory


def vouch(directory: Path, tables: Tables, **manifest: Any) -> None:
    """Write the manifest of the files as they are now."""
    sums = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in directory.glob("*.csv")
    }
    counts = {table: len(rows) for table, rows in tables.items()}
    content = {"version": 1, "counts": counts, "sha256": sums} | manifest
    (directory / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
