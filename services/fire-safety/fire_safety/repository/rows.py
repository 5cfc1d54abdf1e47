"""Between rows and the domain."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import RowMapping

from fire_safety.domain.alarms.alarm import (
    Alarm,
    AlarmKind,
    AlarmState,
    Confirmation,
    Disposition,
    Suppression,
)
from fire_safety.domain.alarms.modes import DeviceMode, ModeScope
from fire_safety.domain.devices.device import (
    LIVED,
    ChangeAction,
    Device,
    DeviceChange,
    DeviceKind,
    PayloadFormat,
    Protocol,
)
from fire_safety.domain.premises.premises import (
    Contact,
    Hazard,
    HazardGroup,
    Position,
    Premises,
    PremisesKind,
    SiteAccess,
    Surroundings,
    Suspension,
    SuspensionKind,
    Workplace,
    Zone,
)

Described = TypeVar("Described", Surroundings, Workplace)

# The columns that an entry of the register has.
ENTERED = tuple(one.name for one in fields(Device) if one.name not in LIVED - {"last_test_failed"})
_REFERENCES = ("premises_id", "zone_id", "gateway_id", "mutual_aid_group_id")
_UNLIVED = {
    "last_seen_at": None,
    "clean_air": 0.0,
    "gas_dose": 0.0,
    "clock_offset_s": 0.0,
    "clock_skewed": False,
}
_DAYS = ("installed_on", "end_of_life_on", "last_tested_on")
# What is said of a fire alarm that nobody has seen and nobody silenced yet.
UNSEEN: Mapping[str, Any] = {
    "state": AlarmState.ACTIVE,
    "acknowledged_at": None,
    "acknowledged_by": "",
    "silenced_at": None,
    "silenced_by": "",
}


def premises_of(row: RowMapping) -> Premises:
    """Read premises; `row` also has `zones`, a list of objects."""
    latitude, longitude = row["latitude"], row["longitude"]
    suspension = row["suspension"]
    return Premises(
        premises_id=row["premises_id"],
        ward_code=row["ward_code"],
        code=row["code"],
        name=row["name"],
        kind=PremisesKind(row["kind"]),
        hazard_group=HazardGroup(row["hazard_group"]),
        address=row["address"],
        residential_group=row["residential_group"],
        building_id=row["building_id"],
        storeys=row["storeys"],
        position=None if latitude is None else Position(latitude, longitude),
        hazards=tuple(Hazard(**hazard) for hazard in row["hazards"]),
        access=SiteAccess(**row["access"]) if row["access"] else None,
        contacts=tuple(Contact(**contact) for contact in row["contacts"]),
        zones=tuple(Zone(**zone) for zone in row["zones"]),
        suspension=_suspension_of(suspension) if suspension else None,
        version=row["version"],
        surroundings=_lists_as_tuples(Surroundings, row["surroundings"]),
        workplace=_lists_as_tuples(Workplace, row["workplace"]),
        last_inspected_on=row["last_inspected_on"],
        inspection_due_on=row["inspection_due_on"],
    )


def row_of_premises(one: Premises) -> dict[str, Any]:
    """Write premises, without their zones."""
    return {
        "premises_id": one.premises_id,
        "ward_code": one.ward_code,
        "code": one.code,
        "name": one.name,
        "kind": one.kind,
        "hazard_group": one.hazard_group,
        "address": one.address,
        "residential_group": one.residential_group,
        "building_id": one.building_id,
        "storeys": one.storeys,
        "latitude": one.position.latitude if one.position else None,
        "longitude": one.position.longitude if one.position else None,
        "hazards": [vars(hazard) for hazard in one.hazards],
        "access": vars(one.access) if one.access else None,
        "contacts": [vars(contact) for contact in one.contacts],
        "suspension": _row_of_suspension(one.suspension) if one.suspension else None,
        "version": one.version,
        "surroundings": vars(one.surroundings) if one.surroundings else None,
        "workplace": vars(one.workplace) if one.workplace else None,
        "last_inspected_on": one.last_inspected_on,
        "inspection_due_on": one.inspection_due_on,
    }


def device_of(row: Mapping[Any, Any]) -> Device:
    """Read a device."""
    return Device(
        device_id=row["device_id"],
        premises_id=row["premises_id"] or "",
        zone_id=row["zone_id"] or "",
        model=row["model"],
        mains_powered=row["mains_powered"],
        interval_s=row["interval_s"],
        profile_id=row["profile_id"],
        last_seen_at=row["last_seen_at"],
        clean_air=row["clean_air"],
        kind=DeviceKind(row["kind"]),
        firmware=row["firmware"],
        protocol=Protocol(row["protocol"]),
        payload_format=PayloadFormat(row["payload_format"]),
        floor=row["floor"],
        gateway_id=row["gateway_id"] or "",
        mutual_aid_group_id=row["mutual_aid_group_id"] or "",
        installed_on=row["installed_on"],
        end_of_life_on=row["end_of_life_on"],
        last_tested_on=row["last_tested_on"],
        last_test_failed=row["last_test_failed"],
        retired=row["retired"],
        gas_dose=row["gas_dose"],
        clock_offset_s=row["clock_offset_s"],
        clock_skewed=row["clock_skewed"],
    )


def row_of_device(one: Device) -> dict[str, Any]:
    """Write what is entered of a device, and how its last test ended; the rest of its life stays as it is."""
    row = {name: getattr(one, name) for name in ENTERED}
    return row | {name: row[name] or None for name in _REFERENCES}


def change_of(row: RowMapping) -> DeviceChange:
    """Read a line of a device's history."""
    entry = dict(row["entry"])
    for name in _DAYS:
        entry[name] = date.fromisoformat(entry[name]) if entry[name] else None
    return DeviceChange(
        position=row["position"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
        action=ChangeAction(row["action"]),
        note=row["note"],
        device=device_of({**_UNLIVED, **entry}),
    )


def row_of_change(change: DeviceChange) -> dict[str, Any]:
    """Write a line of a device's history; the database gives its position."""
    entry = row_of_device(change.device)
    for name in _DAYS:
        entry[name] = entry[name].isoformat() if entry[name] else None
    return {
        "device_id": change.device.device_id,
        "changed_at": change.changed_at,
        "changed_by": change.changed_by,
        "action": change.action,
        "note": change.note,
        "entry": entry,
    }


def alarm_of(row: RowMapping) -> Alarm:
    """Read an alarm."""
    return Alarm(
        **{
            **{name: row[name] for name in Alarm.__dataclass_fields__},
            "kind": AlarmKind(row["kind"]),
            "state": AlarmState(row["state"]),
            "disposition": Disposition(row["disposition"]),
            "confirmation": Confirmation(row["confirmation"]),
        }
    )


def row_of_alarm(one: Alarm) -> dict[str, Any]:
    """Write an alarm."""
    return dict(vars(one))


def mode_of(row: RowMapping) -> DeviceMode:
    """Read a mode."""
    return DeviceMode(
        **{**row, "kind": Suppression(row["kind"]), "scope": ModeScope(row["scope"])}
    )


def _lists_as_tuples(
    kind: Callable[..., Described], told: Mapping[str, Any] | None
) -> Described | None:
    """Read what is kept as one JSON object; its lists are tuples in the domain."""
    if told is None:
        return None
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in told.items()})


def _suspension_of(row: dict[str, str]) -> Suspension:
    return Suspension(
        decision_number=row["decision_number"],
        effective_from=date.fromisoformat(row["effective_from"]),
        kind=SuspensionKind(row["kind"]),
    )


def _row_of_suspension(one: Suspension) -> dict[str, str]:
    return {
        "decision_number": one.decision_number,
        "effective_from": one.effective_from.isoformat(),
        "kind": one.kind,
    }
