"""Nationalities by their code of three letters (ISO 3166-1 alpha-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

VIETNAM = "VNM"


@dataclass(frozen=True)
class Nationalities:
    """The codes there are, with those of travel documents for stateless persons and refugees (ICAO Doc 9303)."""

    codes: frozenset[str]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read the reference data as `nationalities.json` holds it."""
        return cls(frozenset(document["codes"]))

    def parse(self, text: str) -> str:
        """Read a code; ValueError for what is none."""
        if text not in self.codes:
            raise ValueError("no nationality has this code")
        return text


def nationality_name(code: str) -> str:
    """Write a nationality for who reads Vietnamese; that of a foreigner as their passport has it."""
    return "Việt Nam" if code == VIETNAM else code
