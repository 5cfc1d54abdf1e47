"""Between rows and the domain."""

from datetime import date
from typing import Any

from sqlalchemy import RowMapping

from fire_safety.domain.alarms import Alarm, AlarmKind, AlarmState, Confirmation, Disposition
from fire_safety.domain.devices import Device, DeviceKind, PayloadFormat, Protocol
from fire_safety.domain.premises import (
    Contact,
    Hazard,
    HazardGroup,
    Position,
    Premises,
    PremisesKind,
    SiteAccess,
    Suspension,
    SuspensionKind,
    Zone,
)


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
    }


def device_of(row: RowMapping) -> Device:
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
        retired=row["retired"],
        gas_dose=row["gas_dose"],
    )


def alarm_of(row: RowMapping) -> Alarm:
    """Read an alarm."""
    return Alarm(
        **{
            **row,
            "kind": AlarmKind(row["kind"]),
            "state": AlarmState(row["state"]),
            "disposition": Disposition(row["disposition"]),
            "confirmation": Confirmation(row["confirmation"]),
        }
    )


def row_of_alarm(one: Alarm) -> dict[str, Any]:
    """Write an alarm."""
    return dict(vars(one))


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
