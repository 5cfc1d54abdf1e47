"""What this service keeps of other services' places, so that a brief needs nobody else."""

from dataclasses import dataclass
from datetime import datetime


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


@dataclass(frozen=True)
class Place:
    """Where an incident is, for people."""

    name: str
    address: str = ""


def unknown_place(device_id: str) -> Place:
    """Say what is known where the premises are not."""
    return Place(name=f"Chưa rõ vị trí – thiết bị {device_id}")  # noqa: RUF001 - Vietnamese typography
