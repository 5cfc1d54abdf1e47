"""The rows of a synthetic ward; field names are the column names of its CSV files."""

from dataclasses import dataclass
from datetime import date

WARD_CODE = "11002"
RESIDENTIAL_GROUPS = 18


@dataclass(frozen=True, slots=True)
class Building:
    """A building with one or more dwellings."""

    building_id: str
    ward_code: str
    residential_group: int
    address: str
    storeys: int


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A lawful dwelling; `unit` is empty for a house."""

    dwelling_id: str
    building_id: str
    floor: int
    unit: str


@dataclass(frozen=True, slots=True)
class Person:
    """A resident; `birth_date` is ISO 8601, in a few old records only `YYYY` or `YYYY-MM`."""

    person_id: str
    personal_id_number: str
    full_name: str
    birth_date: str
    sex: str


@dataclass(frozen=True, slots=True)
class Household:
    """People who live together, led by a householder (chủ hộ)."""

    household_id: str
    dwelling_id: str
    householder_id: str


@dataclass(frozen=True, slots=True)
class Registration:
    """One residence registration; `valid_until` is empty while it is open."""

    registration_id: str
    person_id: str
    dwelling_id: str
    household_id: str
    kind: str
    relationship_to_householder: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class AssistanceNeed:
    """Help that rescue must plan for, with the day on which it is looked at again."""

    person_id: str
    type: str
    review_on: date


@dataclass(frozen=True, slots=True)
class WaterPoint:
    """A hydrant or water access of engines; `state_note` says what is wrong with one that does not work."""

    water_point_id: str
    kind: str
    residential_group: int
    address: str
    latitude: float
    longitude: float
    equipment: str
    custodian_function: str
    access_width_m: float
    last_inspected_on: date
    state: str
    state_note: str


@dataclass(frozen=True, slots=True)
class FirePoint:
    """A public fire-fighting point (điểm chữa cháy công cộng) in an alley engines cannot enter."""

    fire_point_id: str
    residential_group: int
    address: str
    latitude: float
    longitude: float
    equipment: str
    custodian_function: str
    access_width_m: float
    last_inspected_on: date


@dataclass(frozen=True, slots=True)
class MutualAidGroup:
    """An inter-household fire-safety group (tổ liên gia an toàn PCCC)."""

    group_id: str
    residential_group: int
    name: str


@dataclass(frozen=True, slots=True)
class MutualAidMember:
    """A house that belongs to a mutual-aid group."""

    group_id: str
    dwelling_id: str
