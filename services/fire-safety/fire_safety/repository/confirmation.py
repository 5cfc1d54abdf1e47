"""Pre-alarms confirmed by a second device or by a person, whoever writes at the same time.

Detectors of different devices write at once. Two first signals of one zone would miss each other if neither saw what
the other has not committed yet, so that each takes its areas before it looks. Areas are premises and groups of
interlinked households, taken in one order, so that nobody waits for anybody in a circle.
"""

import zlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Integer, RowMapping, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from chassis import outbox
from chassis.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms import FIRE_KINDS, Alarm, AlarmKind, AlarmState
from fire_safety.domain.confirmation import Confirmed, Standing, confirmed
from fire_safety.domain.places import Place
from fire_safety.repository.places import PLACE, PLACED, place_of
from fire_safety.repository.rows import UNSEEN, alarm_of
from fire_safety.wire import alarms as wire

# The locks' own space: leases of the chassis are locked by one number, these by two.
_AREAS = 1
_area = func.unnest(bindparam("areas", type_=ARRAY(Integer))).column_valued("area")
_LOCK = select(func.pg_advisory_xact_lock(_AREAS, _area))

_alarms, _devices = tables.alarms.c, tables.devices.c
# Those on the register that began and have not ended, by where they hang now.
_STANDING = (
    select(_alarms.alarm_id, _alarms.kind, _alarms.state, *PLACE)
    .select_from(PLACED.join(tables.alarms, _alarms.device_id == _devices.device_id))
    .where(
        _alarms.state != AlarmState.RESET,
        _alarms.restored_at.is_(None),
        _alarms.kind.in_(sorted(FIRE_KINDS)),
        or_(
            _devices.premises_id.in_(bindparam("premises", expanding=True)),
            _devices.mutual_aid_group_id.in_(bindparam("groups", expanding=True)),
        ),
    )
    .order_by(_alarms.raised_at, _alarms.alarm_id)
)


async def take_areas(tx: Transaction, places: Iterable[Place]) -> None:
    """Wait until nobody else changes fire conditions where these devices hang, and keep others out until the end."""
    areas = {area for place in places for area in (place.premises, place.group) if area}
    if areas:
        await tx.execute(_LOCK, {"areas": sorted({_key(area) for area in areas})})


async def confirm(tx: Transaction, places: Iterable[Place], now: datetime) -> list[Alarm]:
    """Make fire alarms of the pre-alarms that are confirmed by what stands beside them; tell them."""
    shared = [place for place in places if place.is_shared]
    if not shared:
        return []
    areas = {
        "premises": sorted({place.premises_id for place in shared}),
        "groups": sorted({place.group_id for place in shared}),
    }
    standing = [_standing_of(row) for row in (await tx.execute(_STANDING, areas)).mappings()]
    raised = [alarm for one in confirmed(standing) for alarm in await _confirm(tx, one, now)]
    await outbox.add(tx, tables.outbox, now, *map(wire.alarm_raised, raised))
    return raised


async def _confirm(tx: Transaction, found: Confirmed, now: datetime) -> list[Alarm]:
    statement = (
        update(tables.alarms)
        .where(_alarms.alarm_id == found.alarm_id, _alarms.state == AlarmState.PRE_ALARM)
        .values(
            **UNSEEN,
            confirmed_at=now,
            confirmation=found.confirmation,
            confirmed_by_device_id=found.by_device_id,
            version=_alarms.version + 1,
        )
        .returning(tables.alarms)
    )
    return [alarm_of(row) for row in (await tx.execute(statement)).mappings()]


def _standing_of(row: RowMapping) -> Standing:
    return Standing(
        alarm_id=row["alarm_id"],
        device_id=row["device_id"],
        kind=AlarmKind(row["kind"]),
        place=place_of(row),
        waits=row["state"] == AlarmState.PRE_ALARM,
    )


def _key(area: str) -> int:
    """Give the number of an area; two that share a number only wait for each other."""
    return zlib.crc32(area.encode()) - 2**31
