"""Where devices hang."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.storage.database import Lease, Statement, Transaction
from fire_safety import tables
from fire_safety.domain.premises.places import Place

Places = Mapping[str, Place]

_devices, _zones = tables.devices.c, tables.zones.c

# Devices with their zones, and the columns that `place_of` reads.
PLACED = tables.devices.outerjoin(tables.zones, _zones.zone_id == _devices.zone_id)
PLACE = (
    _devices.device_id,
    _devices.premises_id,
    _devices.floor.label("device_floor"),
    _devices.mutual_aid_group_id,
    _zones.zone_id,
    _zones.name.label("zone_name"),
    _zones.floor.label("zone_floor"),
)

# Written out: whoever has a fire to tell has no values for them.
_NOTHING: ColumnElement[str] = literal_column("''")
_NO_FLOOR: ColumnElement[int] = literal_column("0")
# Where a device of `PLACED` hangs: its zone's floor goes before its own, as in `place_of`.
FLOOR = func.coalesce(func.nullif(_zones.floor, _NO_FLOOR), _devices.floor)

# Written once: to put it together would take longer than to run it.
_PLACES = (
    select(*PLACE)
    .select_from(PLACED)
    .where(
        _devices.device_id == any_(bindparam("device_ids", type_=ARRAY(Text))),
        _devices.retired.is_(False),
    )
)
_PLACES_NOW = Statement(_PLACES)


async def places_of(tx: Transaction, device_ids: Iterable[str]) -> Places:
    """Tell where devices hang; those not on the register, or no longer, are missing."""
    rows = (await tx.execute(_PLACES, {"device_ids": list(set(device_ids))})).mappings()
    return {row["device_id"]: place_of(row) for row in rows}


async def places_now(lease: Lease, device_ids: Iterable[str]) -> Places:
    """Tell it in one round trip, for who has a fire to tell."""
    rows = await lease.fetch(_PLACES_NOW, {"device_ids": list(set(device_ids))})
    return {row["device_id"]: place_of(row) for row in rows}


def hangs_there(given: FromClause) -> ColumnElement[bool]:
    """Tell whether a device is where a row says: `device_known` or on no register, and all that `place_of` reads."""
    told = given.c
    on_register = (
        exists()
        .select_from(PLACED)
        .where(_devices.device_id == told.device_id, _devices.retired.is_(False))
    )
    there = and_(
        func.coalesce(_devices.premises_id, _NOTHING) == told.premises_id,
        func.coalesce(_zones.zone_id, _NOTHING) == told.zone_id,
        func.coalesce(_zones.name, _NOTHING) == told.zone_name,
        told.floor == FLOOR,
        func.coalesce(_devices.mutual_aid_group_id, _NOTHING) == told.mutual_aid_group_id,
    )
    return or_(
        and_(told.device_known, on_register.where(there)),
        and_(~told.device_known, ~on_register),
    )


def place_of(row: Mapping[Any, Any]) -> Place:
    """Read a place; its zone's floor goes before the device's own."""
    return Place(
        premises_id=row["premises_id"] or "",
        zone_id=row["zone_id"] or "",
        zone_name=row["zone_name"] or "",
        floor=row["zone_floor"] or row["device_floor"],
        group_id=row["mutual_aid_group_id"] or "",
    )
