"""The files of an import: the manifest that vouches for them, and their lines."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from chassis.errors import DomainError

MANIFEST = "manifest.json"
VERSION = 1
_Value = TypeVar("_Value")


class ImportRefusedError(Exception):
    """The files cannot be loaded; the message says where and why, and repeats no value of a row."""


@dataclass(frozen=True)
class Manifest:
    """What the manifest of a folder says: the SHA-256 of each file and the rows of each table.

    `digest` is the manifest's own SHA-256, which stands for the whole folder.
    """

    directory: Path
    digest: bytes
    checksums: Mapping[str, str]
    rows: Mapping[str, int]

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read the manifest of a folder."""
        try:
            content = (directory / MANIFEST).read_bytes()
            manifest = json.loads(content)
            version, checksums, rows = (manifest[key] for key in ("version", "sha256", "counts"))
        except OSError as error:
            raise ImportRefusedError(f"{directory / MANIFEST}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ImportRefusedError(f"{MANIFEST}: not a manifest") from error
        if version != VERSION:
            raise ImportRefusedError(f"{MANIFEST}: version {VERSION} is needed")
        if not isinstance(checksums, dict) or not isinstance(rows, dict):
            raise ImportRefusedError(f"{MANIFEST}: not a manifest")
        return cls(directory, hashlib.sha256(content).digest(), checksums, rows)

    def lines(self, table: str, columns: Sequence[str]) -> Iterator["Line"]:
        """Give the lines of a table's file, whose content and rows must be what the manifest says."""
        name = f"{table}.csv"
        try:
            content = (self.directory / name).read_bytes()
        except OSError as error:
            raise ImportRefusedError(f"{name}: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != self.checksums.get(name):
            raise ImportRefusedError(f"{name}: differs from the SHA-256 in the manifest")
        count = 0
        for line in _lines(name, content, columns):
            count += 1
            yield line
        if count != self.rows.get(table):
            raise ImportRefusedError(f"{name}: {count} rows, which is not what the manifest says")


@dataclass(frozen=True)
class Line:
    """One row of a file, and where it stands."""

    file: str
    number: int
    values: Mapping[str, str]

    def read(self, column: str, parse: Callable[[str], _Value], rule: str) -> _Value:
        """Read a value; where `parse` refuses it, the error says where and what the rule is."""
        try:
            return parse(self.values[column])
        except (ValueError, DomainError):
            raise self.refused(column, rule) from None

    def refused(self, column: str, rule: str) -> ImportRefusedError:
        """Make the error that refuses this line."""
        return ImportRefusedError(f"{self.file}:{self.number}: {column}: {rule}")


def _lines(name: str, content: bytes, columns: Sequence[str]) -> Iterator[Line]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise ImportRefusedError(f"{name}:{number}: not UTF-8") from None
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        if next(reader, None) != list(columns):
            raise ImportRefusedError(f"{name}:1: the header must be {','.join(columns)}")
        for row in reader:
            if len(row) != len(columns):
                raise ImportRefusedError(f"{name}:{reader.line_num}: {len(columns)} fields needed")
            yield Line(name, reader.line_num, dict(zip(columns, row, strict=True)))
    except csv.Error as error:
        raise ImportRefusedError(f"{name}:{reader.line_num}: {error}") from None
