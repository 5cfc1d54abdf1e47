"""Who the simulated population database knows: the residents of a synthetic ward."""

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Known:
    """A person as the database compares them; of the birth date, unknown parts are 0."""

    full_name: str
    birth_date: tuple[int, int, int]
    sex: str

    def has_name(self, declared: str) -> bool:
        """Compare a name without regard to case, spacing and Unicode form."""
        return _folded(declared) == _folded(self.full_name)

    def was_born(self, declared: tuple[int, int, int]) -> bool:
        """Compare a birth date as precisely as both sides know it."""
        pairs = zip(declared, self.birth_date, strict=True)
        return all(theirs == ours for theirs, ours in pairs if theirs and ours)


People = Mapping[str, Known]


def read_people(ward: Path) -> dict[str, Known]:
    """Read the persons of a dataset by number; raises FileNotFoundError."""
    with (ward / "persons.csv").open(encoding="utf-8", newline="") as file:
        return {row["personal_id_number"]: known(row) for row in csv.DictReader(file)}


def known(row: Mapping[str, str]) -> Known:
    """Read one row of `persons.csv`."""
    year, month, day = [*map(int, row["birth_date"].split("-")), 0, 0][:3]
    return Known(row["full_name"], (year, month, day), row["sex"])


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
