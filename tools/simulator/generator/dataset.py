"""The ward on disk: CSV and protobuf-JSON files under a manifest, whole or not at all."""

import csv
import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from simulator.generator import model
from simulator.generator.ward import Ward

MANIFEST = "manifest.json"
# Grows when a file gets another shape or meaning.
VERSION = 1

CSV_FILES: dict[str, type] = {
    "buildings": model.Building,
    "dwellings": model.Dwelling,
    "persons": model.Person,
    "households": model.Household,
    "registrations": model.Registration,
    "assistance_needs": model.AssistanceNeed,
    "fire_points": model.FirePoint,
    "water_points": model.WaterPoint,
    "mutual_aid_groups": model.MutualAidGroup,
    "mutual_aid_members": model.MutualAidMember,
}
JSON_FILES = ("premises", "devices")


class NotADatasetError(Exception):
    """The directory holds something else, which must not be overwritten."""


def write(directory: Path, ward: Ward, seed: int, as_of: date) -> None:
    """Write the dataset; an older dataset in its place is replaced, anything else is kept.

    Raises NotADatasetError if the directory holds other files.
    """
    directory = directory.absolute()
    if directory.exists() and any(directory.iterdir()) and not (directory / MANIFEST).exists():
        raise NotADatasetError(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _fill(draft, ward, seed, as_of)
        draft.chmod(0o755)
        _replace(directory, draft)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fill(directory: Path, ward: Ward, seed: int, as_of: date) -> None:
    for name, row_type in CSV_FILES.items():
        _write_csv(directory / f"{name}.csv", row_type, getattr(ward, name))
    for name in JSON_FILES:
        _write_json_lines(directory / f"{name}.jsonl", getattr(ward, name))
    counts = {name: len(getattr(ward, name)) for name in (*CSV_FILES, *JSON_FILES)}
    manifest = {
        "version": VERSION,
        "seed": seed,
        "ward_code": model.WARD_CODE,
        "as_of": as_of.isoformat(),
        "note": "Dữ liệu giả lập, không có người thật / synthetic, no real person",
        "counts": counts,
        "sha256": {file.name: _sha256(file) for file in sorted(directory.iterdir())},
    }
    (directory / MANIFEST).write_text(
        json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )


def _replace(directory: Path, draft: Path) -> None:
    old = draft.with_name(f"{draft.name}-old")
    if directory.exists():
        directory.rename(old)
    draft.rename(directory)
    shutil.rmtree(old, ignore_errors=True)


def _write_csv(path: Path, row_type: type, rows: Iterable[Any]) -> None:
    """Write rows under a header of the type's field names; an absent value is empty."""
    names = [field.name for field in dataclasses.fields(row_type)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([getattr(row, name) for name in names] for row in rows)


def _write_json_lines(path: Path, messages: Sequence[Message]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for message in messages:
            file.write(json.dumps(MessageToDict(message), ensure_ascii=False) + "\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
