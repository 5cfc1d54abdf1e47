"""Areas whose devices confirm one another: detection zones, and mutual-aid groups of interlinked households."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.errors import DomainError


class ZoneNotFoundError(DomainError):
    """There is no such detection zone."""

    reason = "ZONE_NOT_FOUND"


class MutualAidGroupNotFoundError(DomainError):
    """There is no such mutual-aid group."""

    reason = "MUTUAL_AID_GROUP_NOT_FOUND"


class AreaInUseError(DomainError):
    """Devices in service are in it."""

    reason = "AREA_IN_USE"


class AreaKind(StrEnum):
    """What an area is."""

    ZONE = "ZONE"
    MUTUAL_AID_GROUP = "MUTUAL_AID_GROUP"


class AreaAction(StrEnum):
    """What was done to an area."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    RETIRED = "RETIRED"


@dataclass(frozen=True)
class DetectionZone:
    """A zone of a premises, with its devices in service in order of their id; floor 1 is the ground floor."""

    zone_id: str
    premises_id: str
    name: str
    floor: int
    device_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class InterlinkedGroup:
    """A mutual-aid group with its dwellings and the devices in service that are interlinked, in order of their ids."""

    group_id: str
    residential_group: int
    name: str
    dwelling_ids: tuple[str, ...] = ()
    device_ids: tuple[str, ...] = ()


Area = DetectionZone | InterlinkedGroup


@dataclass(frozen=True)
class Members:
    """Who comes into an area and who leaves it; a zone has no dwellings."""

    add_device_ids: frozenset[str] = frozenset()
    remove_device_ids: frozenset[str] = frozenset()
    add_dwelling_ids: frozenset[str] = frozenset()
    remove_dwelling_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AreaChange:
    """One line of an area's history: who did what, when, and the area after it; `position` grows with time."""

    position: int
    changed_at: datetime
    changed_by: str
    action: AreaAction
    note: str
    area: Area
