"""Detection zones and mutual-aid groups, with the history of each."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    RowMapping,
    Select,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.premises.areas import (
    Area,
    AreaAction,
    AreaChange,
    AreaKind,
    DetectionZone,
    InterlinkedGroup,
    MutualAidGroupNotFoundError,
    ZoneNotFoundError,
)
from fire_safety.domain.premises.premises import MutualAidGroup, Premises, Zone
from fire_safety.repository import premises
from fire_safety.wire import areas as wire

_devices, _zones = tables.devices.c, tables.zones.c
_groups, _members = tables.mutual_aid_groups.c, tables.mutual_aid_members.c
_changes = tables.area_changes.c


def zones() -> Select[Any]:
    """Select zones with their devices in service."""
    here = (_devices.zone_id == _zones.zone_id) & _devices.retired.is_(False)
    return select(
        _zones.zone_id,
        _zones.premises_id,
        _zones.name,
        _zones.floor,
        _listed(_devices.device_id, here, tables.zones).label("device_ids"),
    )


def groups() -> Select[Any]:
    """Select groups with their dwellings and their devices in service."""
    here = (_devices.mutual_aid_group_id == _groups.group_id) & _devices.retired.is_(False)
    theirs = _members.group_id == _groups.group_id
    return select(
        _groups.group_id,
        _groups.residential_group,
        _groups.name,
        _listed(_members.dwelling_id, theirs, tables.mutual_aid_groups).label("dwelling_ids"),
        _listed(_devices.device_id, here, tables.mutual_aid_groups).label("device_ids"),
    )


def zone_of(row: RowMapping) -> DetectionZone:
    """Read a zone."""
    return DetectionZone(**{**row, "device_ids": tuple(row["device_ids"])})


def group_of(row: RowMapping) -> InterlinkedGroup:
    """Read a group."""
    lists = {name: tuple(row[name]) for name in ("dwelling_ids", "device_ids")}
    return InterlinkedGroup(**{**row, **lists})


def change_of(row: Row[Any]) -> AreaChange:
    """Read a line of an area's history."""
    entry: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in row.entry.items()
    }
    area: Area = DetectionZone(**entry) if row.kind == AreaKind.ZONE else InterlinkedGroup(**entry)
    return AreaChange(
        row.position, row.changed_at, row.changed_by, AreaAction(row.action), row.note, area
    )


async def load_zone(tx: Transaction, zone_id: str) -> DetectionZone:
    """Load a zone; raises ZoneNotFoundError."""
    row = (await tx.execute(zones().where(_zones.zone_id == zone_id))).mappings().one_or_none()
    if row is None:
        raise ZoneNotFoundError
    return zone_of(row)


async def load_group(tx: Transaction, group_id: str) -> InterlinkedGroup:
    """Load a group; raises MutualAidGroupNotFoundError."""
    row = (await tx.execute(groups().where(_groups.group_id == group_id))).mappings().one_or_none()
    if row is None:
        raise MutualAidGroupNotFoundError
    return group_of(row)


async def load_retired(tx: Transaction, kind: AreaKind, area_id: str) -> Area:
    """Load an area as it was when it was retired."""
    statement = (
        select(tables.area_changes)
        .where(
            _changes.kind == kind,
            _changes.area_id == area_id,
            _changes.action == AreaAction.RETIRED,
        )
        .order_by(_changes.position.desc())
        .limit(1)
    )
    return change_of((await tx.execute(statement)).one()).area


async def add_zone(tx: Transaction, zone: DetectionZone, now: datetime) -> None:
    """Add a zone to its premises, with the premises' event; raises PremisesNotFoundError."""
    place = await premises.load(tx, zone.premises_id)
    added = Zone(zone.zone_id, zone.name, zone.floor)
    await premises.save_premises(tx, [replace(place, zones=(*place.zones, added))], now)


async def remove_zone(tx: Transaction, zone: DetectionZone, now: datetime) -> None:
    """Take a zone from its premises, with the premises' event, and out of the entries of retired devices."""
    place = await premises.load(tx, zone.premises_id)
    left = tuple(one for one in place.zones if one.zone_id != zone.zone_id)
    await premises.save_premises(tx, [replace(place, zones=left)], now)
    here = _devices.zone_id == zone.zone_id
    await tx.execute(update(tables.devices).where(here).values(zone_id=None))
    await tx.execute(delete(tables.zones).where(_zones.zone_id == zone.zone_id))


async def add_group(tx: Transaction, group: InterlinkedGroup) -> None:
    """Enter a group, without members."""
    await tx.execute(
        insert(tables.mutual_aid_groups).values(
            group_id=group.group_id, residential_group=group.residential_group, name=group.name
        )
    )


async def change_dwellings(
    tx: Transaction, group_id: str, added: Iterable[str], removed: Iterable[str]
) -> None:
    """Take dwellings into a group and others out of it."""
    leaving = (_members.group_id == group_id) & _members.dwelling_id.in_(removed)
    await tx.execute(delete(tables.mutual_aid_members).where(leaving))
    rows = [{"group_id": group_id, "dwelling_id": one} for one in sorted(added)]
    if rows:
        await tx.execute(upsert(tables.mutual_aid_members).on_conflict_do_nothing(), rows)


async def untold_groups(tx: Transaction, entered: Iterable[MutualAidGroup]) -> frozenset[str]:
    """Name the groups of files that are new, say something new, or were never told to others."""
    told = groups().where(_groups.version > 0)
    rows = (await tx.execute(told)).mappings()
    known = {
        row["group_id"]: (row["residential_group"], row["name"], frozenset(row["dwelling_ids"]))
        for row in rows
    }
    return frozenset(
        one.group_id
        for one in entered
        if known.get(one.group_id) != (one.residential_group, one.name, one.dwelling_ids)
    )


async def tell_groups(
    tx: Transaction,
    ward_code: str,
    group_ids: Iterable[str],
    now: datetime,
    *,
    retired: bool = False,
) -> None:
    """Tell others of groups as they are now, or were last. Nobody else may change the register meanwhile."""
    wanted = _groups.group_id.in_(sorted(group_ids))
    versions = await tx.execute(
        update(tables.mutual_aid_groups)
        .where(wanted)
        .values(version=tables.mutual_aid_group_versions.next_value())
        .returning(_groups.group_id, _groups.version)
    )
    version_of = {row.group_id: row.version for row in versions}
    found = (await tx.execute(groups().where(wanted).order_by(_groups.group_id))).mappings()
    events = [
        wire.group_changed(ward_code, group_of(row), version_of[row["group_id"]], retired=retired)
        for row in found
    ]
    await outbox.add(tx, tables.outbox, now, *events)


async def remove_group(tx: Transaction, group_id: str) -> None:
    """Take a group off the register, and out of the entries of retired devices."""
    here = _devices.mutual_aid_group_id == group_id
    await tx.execute(update(tables.devices).where(here).values(mutual_aid_group_id=None))
    await tx.execute(delete(tables.mutual_aid_members).where(_members.group_id == group_id))
    await tx.execute(delete(tables.mutual_aid_groups).where(_groups.group_id == group_id))


async def tell(tx: Transaction, change: AreaChange) -> None:
    """Add a line to an area's history; the database gives its position."""
    area = change.area
    is_zone = isinstance(area, DetectionZone)
    await tx.execute(
        insert(tables.area_changes).values(
            kind=AreaKind.ZONE if is_zone else AreaKind.MUTUAL_AID_GROUP,
            area_id=area.zone_id if isinstance(area, DetectionZone) else area.group_id,
            changed_at=change.changed_at,
            changed_by=change.changed_by,
            action=change.action,
            note=change.note,
            entry=asdict(area),
        )
    )


async def with_made_zones(tx: Transaction, entered: Sequence[Premises]) -> list[Premises]:
    """Add to premises of a file the zones that people made here, of which the file knows nothing."""
    made = select(_changes.area_id).where(
        _changes.kind == AreaKind.ZONE, _changes.action == AreaAction.CREATED
    )
    statement = (
        select(tables.zones)
        .where(
            _zones.premises_id.in_([one.premises_id for one in entered]), _zones.zone_id.in_(made)
        )
        .order_by(_zones.position)
    )
    kept: dict[str, list[Zone]] = {}
    for row in await tx.execute(statement):
        kept.setdefault(row.premises_id, []).append(Zone(row.zone_id, row.name, row.floor))
    named = {zone.zone_id for one in entered for zone in one.zones}
    return [
        replace(
            one,
            zones=(
                *one.zones,
                *(zone for zone in kept.get(one.premises_id, ()) if zone.zone_id not in named),
            ),
        )
        for one in entered
    ]


def _listed(
    column: ColumnElement[str], where: ColumnElement[bool], of: Table
) -> ColumnElement[Any]:
    """Select a column's values in their order, for each row of a table."""
    values = func.array_agg(aggregate_order_by(column, column))
    empty = literal([], ARRAY(column.type))
    return select(func.coalesce(values, empty)).where(where).correlate(of).scalar_subquery()
