"""Reference data that the package brings: codes, units and nationalities."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import residency
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import RegistrationCodes
from residency.domain.places.address import Gazetteer

PACKAGE = Path(residency.__file__).parent
MIGRATIONS = PACKAGE.parent / "migrations"


def gazetteer(ward_code: str) -> Gazetteer:
    """Read the reference data of administrative units."""
    return Gazetteer.from_document(_reference_data("administrative_units"), ward_code)


def registration_codes() -> RegistrationCodes:
    """Read the reference data of identification numbers."""
    return RegistrationCodes.from_document(_reference_data("registration_codes"))


def nationalities() -> Nationalities:
    """Read the reference data of nationalities."""
    return Nationalities.from_document(_reference_data("nationalities"))


def _reference_data(name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((PACKAGE / f"{name}.json").read_text("utf-8"))
    return document
