"""Buildings and the dwellings in them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError


class BuildingNotFoundError(DomainError):
    """No building has this id."""

    reason = "BUILDING_NOT_FOUND"


class DwellingNotFoundError(DomainError):
    """No dwelling has this id."""

    reason = "DWELLING_NOT_FOUND"


class LegalBasis(StrEnum):
    """By what right people live in a dwelling (chỗ ở hợp pháp, Law 68/2020/QH14 Art. 2, Decree 154/2024/NĐ-CP)."""

    OWNED = "OWNED"
    RENTED = "RENTED"
    BORROWED = "BORROWED"
    DORMITORY = "DORMITORY"


@dataclass(frozen=True)
class Position:
    """A place on earth in degrees of WGS 84."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Building:
    """A building with one or more dwellings; `position` is None where it was not surveyed."""

    building_id: UUID
    ward_code: str
    residential_group: int
    address: str
    storeys: int
    position: Position | None = None
    # Where declarations of foreigners have more time.
    remote_area: bool = False


@dataclass(frozen=True)
class Dwelling:
    """A lawful dwelling (chỗ ở hợp pháp) and the building it is in; `unit` is empty for a house.

    `legal_basis` is None where it was not said.
    """

    dwelling_id: UUID
    building: Building
    floor: int
    unit: str
    legal_basis: LegalBasis | None = None


@dataclass(frozen=True)
class PlaceChange:
    """What was said of a place until it was changed: of a dwelling the right, of a building the position."""

    changed_at: datetime
    changed_by: str
    legal_basis: LegalBasis | None
    position: Position | None
