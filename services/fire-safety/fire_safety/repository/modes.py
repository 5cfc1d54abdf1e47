"""Tests and disablements: set, ended, expired; each change with its event."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Select,
    Text,
    and_,
    any_,
    bindparam,
    false,
    func,
    insert,
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
from fire_safety.repository.rows import mode_of
from fire_safety.tables.versions import in_force
from fire_safety.wire import modes as wire

_modes, _devices = tables.device_modes.c, tables.devices.c
_REACHES = or_(
    and_(_modes.scope == ModeScope.DEVICE, _modes.target_id == _devices.device_id),
    and_(_modes.scope == ModeScope.ZONE, _modes.target_id == _devices.zone_id),
    and_(_modes.scope == ModeScope.PREMISES, _modes.target_id == _devices.premises_id),
)
_PREMISES_OF = {
    ModeScope.DEVICE: (_devices.device_id, _devices.premises_id, _devices.retired),
    ModeScope.ZONE: (tables.zones.c.zone_id, tables.zones.c.premises_id, false()),
    ModeScope.PREMISES: (tables.premises.c.premises_id, tables.premises.c.premises_id, false()),
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


async def premises_of_target(tx: Transaction, wanted: ModeWanted) -> str:
    """Tell the premises of a mode's target, empty if it is not placed.

    What a retired device sends is told as of one that is on no register. Raises ModeTargetNotFoundError,
    DeviceRetiredError.
    """
    target, premises, retired = _PREMISES_OF[wanted.scope]
    statement = select(premises, retired).where(target == wanted.target_id)
    if wanted.scope is ModeScope.DEVICE:
        # Who retires it waits until the mode is there, and ends it.
        statement = statement.with_for_update(read=True)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise ModeTargetNotFoundError
    if row[1]:
        raise DeviceRetiredError
    return str(row[0] or "")


async def add(tx: Transaction, mode: DeviceMode, now: datetime) -> None:
    """Save a new mode."""
    await tx.execute(insert(tables.device_modes), vars(mode))
    await outbox.add(tx, tables.outbox, now, wire.mode_set(mode))


async def load(tx: Transaction, mode_id: UUID) -> DeviceMode:
    """Load a mode and keep others from changing it; raises DeviceModeNotFoundError."""
    statement = select(tables.device_modes).where(_modes.mode_id == mode_id).with_for_update()
    row = (await tx.execute(statement)).mappings().one_or_none()
    if row is None:
        raise DeviceModeNotFoundError
    return mode_of(row)


async def take_due(tx: Transaction, now: datetime) -> DeviceMode | None:
    """Take the mode whose time has been over the longest; None if there is none, or others are at them."""
    statement = (
        select(tables.device_modes)
        .where(_modes.ended_at.is_(None), _modes.ends_at <= now)
        .order_by(_modes.ends_at)
        .limit(1)
        .with_for_update(skip_locked=True)
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


async def end_of_devices(
    tx: Transaction, device_ids: Sequence[str], by: str, now: datetime
) -> None:
    """End what was set for these devices alone; what reaches all of a zone or of premises stays."""
    statement = (
        select(tables.device_modes)
        .where(
            _modes.scope == ModeScope.DEVICE,
            _modes.target_id == any_(bindparam(None, device_ids, ARRAY(Text))),
            _modes.ended_at.is_(None),
            _modes.ends_at > now,
        )
        .order_by(_modes.mode_id)
        .with_for_update()
    )
    for row in (await tx.execute(statement)).mappings().all():
        await save_ended(tx, mode_of(row).ended(by, now), now)
