"""The register's devices: each change with its line of history and its event."""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import (
    Text,
    and_,
    any_,
    bindparam,
    case,
    func,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.devices.device import (
    Device,
    DeviceChange,
    DeviceKind,
    DeviceNotFoundError,
)
from fire_safety.domain.devices.registration import Surroundings
from fire_safety.repository.rows import ENTERED, device_of, row_of_change, row_of_device
from fire_safety.wire import devices as wire

_devices = tables.devices.c
# So many rows are saved before progress is told.
_STEP = 1000


async def lock_register(tx: Transaction) -> None:
    """Wait until nobody else changes the register, so that two changes, each allowed, are allowed together."""
    await tx.execute(select(func.pg_advisory_xact_lock(func.hashtext("register of devices"))))


async def load(tx: Transaction, device_id: str) -> Device:
    """Load a device; raises DeviceNotFoundError."""
    statement = select(tables.devices).where(_devices.device_id == device_id)
    row = (await tx.execute(statement)).mappings().one_or_none()
    if row is None:
        raise DeviceNotFoundError
    return device_of(row)


async def load_surroundings(
    tx: Transaction, device_ids: Collection[str], gateway_ids: Collection[str]
) -> Surroundings:
    """Load what entries of these devices are judged against, which name these gateways."""
    entered = bindparam(None, list(device_ids), ARRAY(Text))
    devices = await tx.execute(
        select(tables.devices).where(
            or_(
                _devices.device_id == any_(entered),
                _devices.gateway_id == any_(entered),
                _devices.kind == DeviceKind.GATEWAY,
            )
        )
    )
    found = {row["device_id"]: device_of(row) for row in devices.mappings()}
    # One that comes back into service is counted at the gateway that it had.
    concerned = {*gateway_ids, *(found[one].gateway_id for one in device_ids if one in found)}
    reporting = await tx.execute(
        select(_devices.gateway_id, func.count().label("number"))
        .where(
            _devices.gateway_id == any_(bindparam(None, sorted(concerned), ARRAY(Text))),
            _devices.retired.is_(False),
        )
        .group_by(_devices.gateway_id)
    )
    premises = tables.premises.c
    places = (await tx.execute(select(premises.premises_id, premises.code))).all()
    zones = await tx.execute(select(tables.zones.c.zone_id, tables.zones.c.premises_id))
    profiles = await tx.scalars(select(tables.detection_profiles.c.profile_id).distinct())
    return Surroundings(
        devices=found,
        reporting={row.gateway_id: row.number for row in reporting},
        premises={row.code: row.premises_id for row in places}
        | {row.premises_id: row.premises_id for row in places},
        zones={row.zone_id: row.premises_id for row in zones},
        groups=frozenset(await tx.scalars(select(tables.mutual_aid_groups.c.group_id))),
        profiles=frozenset(profiles),
    )


async def save(
    tx: Transaction,
    changes: Sequence[DeviceChange],
    progress: Callable[[int, int], object] = lambda _done, _all: None,
) -> None:
    """Save the devices after these changes, with their history and events; what is known of their life stays.

    `progress` is told how many of how many are saved.
    """
    if not changes:
        return
    now = changes[0].changed_at
    # A gateway may come behind the devices that name it, so that they learn of it once all are there.
    for start in range(0, len(changes), _STEP):
        some = changes[start : start + _STEP]
        rows = [row_of_device(one.device) for one in some]
        await tx.execute(_SAVE, [{**row, "gateway_id": None, "changed_at": now} for row in rows])
        await tx.execute(insert(tables.device_changes), [row_of_change(one) for one in some])
        progress(start + len(some), len(changes))
    changed = [one.device for one in changes]
    behind = [
        {"child": one.device_id, "gateway": one.gateway_id} for one in changed if one.gateway_id
    ]
    if behind:
        await tx.execute(_PUT_BEHIND, behind)
    await outbox.add(tx, tables.outbox, now, *wire.devices_changed(changed))


_INSERT = upsert(tables.devices)
_COMES_BACK = and_(_devices.retired, _INSERT.excluded.retired.is_(False))
_SAVE = _INSERT.on_conflict_do_update(
    index_elements=["device_id"],
    set_={
        **{
            name: _INSERT.excluded[name]
            for name in ("changed_at", *ENTERED)
            if name != "device_id"
        },
        # Put up again, it has all the time that any other has before it must be heard.
        "last_seen_at": case((_COMES_BACK, null()), else_=_devices.last_seen_at),
    },
)
_PUT_BEHIND = (
    update(tables.devices)
    .where(_devices.device_id == bindparam("child"))
    .values(gateway_id=bindparam("gateway"))
)
