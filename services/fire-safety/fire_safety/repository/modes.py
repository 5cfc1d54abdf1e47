"""Tests and disablements: set, ended, expired; each change with its event."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.storage import outbox
from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import Suppression
from fire_safety.domain.alarms.modes import (
    DeviceMode,
    DeviceModeNotFoundError,
    ModePolicy,
    ModeScope,
    ModeTargetNotFoundError,
    ModeWanted,
)
from fire_safety.domain.devices.device import DeviceRetiredError
from fire_safety.domain.premises.places import Place
from fire_safety.repository.places import FLOOR, PLACE, PLACED, place_of
from fire_safety.repository.rows import mode_of
from fire_safety.tables.versions import in_force
from fire_safety.wire import modes as wire

_modes, _devices, _zones = tables.device_modes.c, tables.devices.c, tables.zones.c
_REACHES = or_(
    and_(_modes.scope == ModeScope.DEVICE, _modes.target_id == _devices.device_id),
    and_(_modes.scope == ModeScope.ZONE, _modes.target_id == _devices.zone_id),
    and_(_modes.scope == ModeScope.PREMISES, _modes.target_id == _devices.premises_id),
)
# What `place_of` reads of what has no zone, and of what is no device.
_NO_ZONE = [null().label(name) for name in ("zone_id", "zone_name", "zone_floor")]
_NO_DEVICE = [
    literal(0).label("device_floor"),
    null().label("mutual_aid_group_id"),
    false().label("retired"),
]
# The id of a target and the statement that tells where it is, by scope.
_TARGETS = {
    ModeScope.DEVICE: (
        _devices.device_id,
        # Who retires it waits until the mode is there, and ends it.
        select(*PLACE, _devices.retired)
        .select_from(PLACED)
        .with_for_update(read=True, of=tables.devices),
    ),
    ModeScope.ZONE: (
        _zones.zone_id,
        select(
            _zones.premises_id,
            _zones.zone_id,
            _zones.name.label("zone_name"),
            _zones.floor.label("zone_floor"),
            *_NO_DEVICE,
        ),
    ),
    ModeScope.PREMISES: (
        tables.premises.c.premises_id,
        select(tables.premises.c.premises_id, *_NO_ZONE, *_NO_DEVICE),
    ),
}


def suppressed_devices(since: datetime) -> Select[tuple[str, str, UUID, datetime, datetime]]:
    """Select which devices each mode reaches that had not ended by then.

    With device, kind, mode, its begin and, as `until`, its end; the last to end comes last.
    """
    until = func.coalesce(_modes.ended_at, _modes.ends_at).label("until")
    columns = (_modes.kind, _modes.mode_id, _modes.begins_at, until)
    return (
        select(_devices.device_id, *columns)
        .join_from(tables.device_modes, tables.devices, _REACHES)
        .where(until > since)
        .order_by(until)
    )


async def modes_of_devices(
    tx: Transaction, device_ids: Iterable[str], since: datetime
) -> Mapping[tuple[str, Suppression | None], UUID]:
    """Tell the mode that had not ended by then, the one that lasts longest, by device and kind."""
    reached = suppressed_devices(since).where(_devices.device_id.in_(set(device_ids)))
    rows = await tx.execute(reached)
    return {(row.device_id, Suppression(row.kind)): row.mode_id for row in rows}


async def policy_in_force(tx: Transaction, now: datetime) -> ModePolicy:
    """Read how long modes may last."""
    columns = tables.mode_policies.c
    statement = (
        select(*(columns[name] for name in ModePolicy.__dataclass_fields__))
        .where(in_force(columns.effective_from, now))
        .order_by(columns.version.desc())
        .limit(1)
    )
    return ModePolicy(**(await tx.execute(statement)).mappings().one())


async def place_of_target(tx: Transaction, wanted: ModeWanted) -> Place:
    """Tell where a mode's target is.

    What a retired device sends is told as of one that is on no register. Raises ModeTargetNotFoundError,
    DeviceRetiredError.
    """
    target, places = _TARGETS[wanted.scope]
    row = (await tx.execute(places.where(target == wanted.target_id))).mappings().one_or_none()
    if row is None:
        raise ModeTargetNotFoundError
    if row["retired"]:
        raise DeviceRetiredError
    return place_of(row)


def modes_with_places() -> Select[Any]:
    """Select modes, each with the zone that it is set for or in which its device hangs now, and the floor.

    Of a device that was moved to other premises since its mode ended neither is told: that was of where it hung then.
    """
    of_device = and_(
        _modes.scope == ModeScope.DEVICE,
        _devices.device_id == _modes.target_id,
        func.coalesce(_devices.premises_id, "") == _modes.premises_id,
    )
    zone_id = case((_modes.scope == ModeScope.ZONE, _modes.target_id), else_=_devices.zone_id)
    return (
        select(
            tables.device_modes,
            func.coalesce(_zones.name, "").label("zone_name"),
            func.coalesce(FLOOR, 0).label("floor"),
        )
        .outerjoin_from(tables.device_modes, tables.devices, of_device)
        .outerjoin(tables.zones, _zones.zone_id == zone_id)
    )


async def add(tx: Transaction, mode: DeviceMode, now: datetime) -> None:
    """Save a new mode."""
    row = {name: value for name, value in vars(mode).items() if name in _modes}
    await tx.execute(insert(tables.device_modes), row)
    await outbox.add(tx, tables.outbox, now, wire.mode_set(mode))


async def load(tx: Transaction, mode_id: UUID) -> DeviceMode:
    """Load a mode and keep others from changing it; raises DeviceModeNotFoundError."""
    found = modes_with_places().where(_modes.mode_id == mode_id)
    statement = found.with_for_update(of=tables.device_modes)
    row = (await tx.execute(statement)).mappings().one_or_none()
    if row is None:
        raise DeviceModeNotFoundError
    return mode_of(row)


async def take_due(tx: Transaction, now: datetime) -> DeviceMode | None:
    """Take the mode whose time has been over the longest; None if there is none, or others are at them."""
    statement = (
        modes_with_places()
        .where(_modes.ended_at.is_(None), _modes.ends_at <= now)
        .order_by(_modes.ends_at)
        .limit(1)
        .with_for_update(of=tables.device_modes, skip_locked=True)
    )
    row = (await tx.execute(statement)).mappings().one_or_none()
    return None if row is None else mode_of(row)


async def save_ended(tx: Transaction, mode: DeviceMode, now: datetime) -> None:
    """Save that a mode ended."""
    await tx.execute(
        update(tables.device_modes)
        .where(_modes.mode_id == mode.mode_id)
        .values(ended_at=mode.ended_at, ended_by=mode.ended_by)
    )
    await outbox.add(tx, tables.outbox, now, wire.mode_ended(mode))


async def of_devices(
    tx: Transaction, device_ids: Sequence[str], now: datetime
) -> list[DeviceMode]:
    """Load what is set for these devices alone, and keep others from changing it."""
    statement = (
        modes_with_places()
        .where(_of_devices(device_ids, now))
        .order_by(_modes.mode_id)
        .with_for_update(of=tables.device_modes)
    )
    return [mode_of(row) for row in (await tx.execute(statement)).mappings()]


async def end_of_devices(
    tx: Transaction, device_ids: Sequence[str], by: str, now: datetime
) -> None:
    """End what is set for these devices alone; what reaches all of a zone or of premises stays."""
    for mode in await of_devices(tx, device_ids, now):
        await save_ended(tx, mode.ended(by, now), now)


async def follow_devices(
    tx: Transaction, device_ids: Sequence[str], before: Sequence[DeviceMode], now: datetime
) -> None:
    """Have what is set for these devices alone be of the place where they hang now; tell what was not so before.

    It suppresses them there: the brief of those premises must say so, and that of the others no longer.
    """
    premises_id = func.coalesce(_devices.premises_id, "")
    await tx.execute(
        update(tables.device_modes)
        .where(
            _of_devices(device_ids, now),
            _modes.target_id == _devices.device_id,
            _modes.premises_id != premises_id,
        )
        .values(premises_id=premises_id)
    )
    moved = [one for one in await of_devices(tx, device_ids, now) if one not in before]
    await outbox.add(tx, tables.outbox, now, *map(wire.mode_set, moved))


def _of_devices(device_ids: Sequence[str], now: datetime) -> ColumnElement[bool]:
    return and_(
        _modes.scope == ModeScope.DEVICE,
        _modes.target_id == any_(bindparam(None, device_ids, ARRAY(Text))),
        _modes.ended_at.is_(None),
        _modes.ends_at > now,
    )
