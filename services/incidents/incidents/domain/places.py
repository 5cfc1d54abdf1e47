"""What this service keeps of other services' places, so that a brief needs nobody else."""

import re
from dataclasses import dataclass
from datetime import datetime
from math import cos, hypot, radians

from chassis.errors import DomainError

_EARTH_RADIUS_M = 6_371_000.0


def storey(floor: int) -> str:
    """Name a floor; nothing where it is not known."""
    if floor == 0:
        return ""
    return f"tầng {floor}" if floor > 0 else f"tầng hầm {-floor}"


def spots(name: str, floor: int) -> list[str]:
    """Tell where in a building something is: a name and its floor, where the name does not say it; none if unknown."""
    told = storey(floor)
    is_said = bool(told) and re.search(rf"\b{told}\b", name, re.IGNORECASE)
    return [spot for spot in (name, "" if is_said else told) if spot]


class PremisesNotFoundError(DomainError):
    """Nobody has told of these premises."""

    reason = "PREMISES_NOT_FOUND"


@dataclass(frozen=True)
class Premises:
    """Premises as fire-safety last told them; `payload` is its message, opaque here.

    `as_of` is when the event was stored by the broker, since the contract tells no time of change.
    """

    premises_id: str
    ward_code: str
    version: int
    as_of: datetime
    name: str
    address: str
    building_id: str
    payload: bytes
    latitude: float | None = None
    longitude: float | None = None
    adjoining_building_ids: tuple[str, ...] = ()
    adjoining_premises_ids: tuple[str, ...] = ()
    # The alley with one way out that they stand in, and the buildings that leave by it; empty if there is none.
    alley: str = ""
    alley_building_ids: tuple[str, ...] = ()
    # 0 where it is not known.
    residential_group: int = 0


@dataclass(frozen=True)
class SupplyPoint:
    """A hydrant, water access or fire point as fire-safety last told it; `payload` is its message, opaque here."""

    supply_point_id: str
    ward_code: str
    version: int
    as_of: datetime
    is_water: bool
    latitude: float
    longitude: float
    payload: bytes


@dataclass(frozen=True)
class MutualAidGroup:
    """The dwellings of a mutual-aid group as fire-safety last told them; none if it was retired."""

    group_id: str
    ward_code: str
    version: int
    as_of: datetime
    dwelling_ids: tuple[str, ...]


@dataclass(frozen=True)
class DeviceMode:
    """A test or disablement of devices of premises; `payload` is its message, opaque here. What has ended stays so."""

    mode_id: str
    ward_code: str
    premises_id: str
    ended: bool
    payload: bytes


@dataclass(frozen=True)
class Occupancy:
    """Who is counted in one dwelling as residency last told it, without names; `payload` is its message, opaque here.

    `as_of` is when residency counted.
    """

    dwelling_id: str
    ward_code: str
    building_id: str
    floor: int
    unit: str
    version: int
    as_of: datetime
    payload: bytes


@dataclass(frozen=True)
class Position:
    """WGS 84 position, degrees north and east."""

    latitude: float
    longitude: float

    def metres_to(self, other: "Position") -> float:
        """Tell how far another position is: over a plane, which is exact enough within a ward."""
        north = radians(other.latitude - self.latitude)
        east = radians(other.longitude - self.longitude) * cos(radians(self.latitude))
        return _EARTH_RADIUS_M * hypot(north, east)


@dataclass(frozen=True)
class Place:
    """Where an incident is, for people."""

    name: str
    address: str = ""


def unknown_place(device_id: str) -> Place:
    """Say what is known where the premises are not."""
    return Place(name=f"Chưa rõ vị trí – thiết bị {device_id}")  # noqa: RUF001 - Vietnamese typography
