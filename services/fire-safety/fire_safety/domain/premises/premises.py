"""Premises under fire-safety management, and the neighbourhood's means against fire."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chassis.errors import DomainError


class PremisesNotFoundError(DomainError):
    """There are no such premises."""

    reason = "PREMISES_NOT_FOUND"


class PremisesKind(StrEnum):
    """Kinds of Annexes I and II of Decree 105/2025/NĐ-CP; the contract says which row is which."""

    UNSPECIFIED = "UNSPECIFIED"
    APARTMENT_BUILDING = "APARTMENT_BUILDING"
    MARKET = "MARKET"
    WHOLESALE_MARKET = "WHOLESALE_MARKET"
    FLAMMABLE_GOODS_SHOP = "FLAMMABLE_GOODS_SHOP"
    GAS_SHOP = "GAS_SHOP"
    PETROL_STATION = "PETROL_STATION"
    LODGING = "LODGING"
    MIXED_USE_BUILDING = "MIXED_USE_BUILDING"
    INDUSTRIAL = "INDUSTRIAL"
    WAREHOUSE = "WAREHOUSE"
    SCHOOL = "SCHOOL"
    HOSPITAL = "HOSPITAL"
    KARAOKE = "KARAOKE"
    RESTAURANT = "RESTAURANT"
    OFFICE = "OFFICE"
    MIXED_DWELLING = "MIXED_DWELLING"
    SUBSTATION = "SUBSTATION"
    YARD = "YARD"


class HazardGroup(StrEnum):
    """Group of Annex II; entered, not computed."""

    UNSPECIFIED = "UNSPECIFIED"
    GROUP_1 = "GROUP_1"
    GROUP_2 = "GROUP_2"
    ANNEX_I_ONLY = "ANNEX_I_ONLY"


class SuspensionKind(StrEnum):
    """How operation was suspended."""

    TEMPORARY = "TEMPORARY"
    FULL = "FULL"
    SANCTION = "SANCTION"


@dataclass(frozen=True)
class Position:
    """WGS 84, degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Hazard:
    """One danger on site; `quantity` with its unit, empty if not known."""

    description: str
    location: str
    quantity: str


@dataclass(frozen=True)
class SiteAccess:
    """How to get in; lengths in metres, 0 if not surveyed."""

    width_m: float
    approach: str
    shut_offs: str
    water_source: str
    water_distance_m: int


@dataclass(frozen=True)
class Contact:
    """Whom to call, in which function."""

    function: str
    name: str
    phone: str


@dataclass(frozen=True)
class Zone:
    """Detection zone; floor 1 is the ground floor."""

    zone_id: str
    name: str
    floor: int


@dataclass(frozen=True)
class Suspension:
    """The order in force."""

    decision_number: str
    effective_from: date
    kind: SuspensionKind


@dataclass(frozen=True)
class Surroundings:
    """Whom a fire may reach, or who shares the way out; the alley is empty, its exits 0 where not surveyed."""

    adjoining_building_ids: tuple[str, ...]
    adjoining_premises_ids: tuple[str, ...]
    alley: str
    alley_exits: int
    alley_building_ids: tuple[str, ...]


@dataclass(frozen=True)
class Workplace:
    """People at work, as declared: hours of the ward's clock, days as ISO 8601 numbers them, from Monday, 1."""

    opens_at: str
    closes_at: str
    weekdays: tuple[int, ...]
    persons: int
    persons_off_hours: int


@dataclass(frozen=True)
class Premises:
    """Premises as the register has them; `building_id` is empty where nobody lives.

    When the next inspection is due is entered, not computed.
    """

    premises_id: str
    ward_code: str
    code: str
    name: str
    kind: PremisesKind
    hazard_group: HazardGroup
    address: str
    residential_group: int
    building_id: str
    storeys: int
    position: Position | None
    hazards: tuple[Hazard, ...]
    access: SiteAccess | None
    contacts: tuple[Contact, ...]
    zones: tuple[Zone, ...]
    suspension: Suspension | None
    version: int = 1
    surroundings: Surroundings | None = None
    workplace: Workplace | None = None
    last_inspected_on: date | None = None
    inspection_due_on: date | None = None


@dataclass(frozen=True)
class MutualAidGroup:
    """An inter-household fire-safety group (tổ liên gia an toàn PCCC) and the dwellings in it."""

    group_id: str
    residential_group: int
    name: str
    dwelling_ids: frozenset[str]
