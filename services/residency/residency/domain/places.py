"""Buildings and the dwellings in them."""

from dataclasses import dataclass
from uuid import UUID

from chassis.errors import DomainError


class BuildingNotFoundError(DomainError):
    """No building has this id."""

    reason = "BUILDING_NOT_FOUND"


class DwellingNotFoundError(DomainError):
    """No dwelling has this id."""

    reason = "DWELLING_NOT_FOUND"


@dataclass(frozen=True)
class Building:
    """A building with one or more dwellings."""

    building_id: UUID
    ward_code: str
    residential_group: int
    address: str
    storeys: int


@dataclass(frozen=True)
class Dwelling:
    """A lawful dwelling (chỗ ở hợp pháp) and the building it is in; `unit` is empty for a house."""

    dwelling_id: UUID
    building: Building
    floor: int
    unit: str
