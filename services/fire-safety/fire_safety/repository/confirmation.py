"""Pre-alarms confirmed by a second device or by a person, whoever writes at the same time.

Detectors of different devices write at once. Two first signals of one zone would miss each other if each looked before
the other has committed. Each looks once its own signal is committed: whoever does so last sees both. Looking takes no
lock, and a pre-alarm that two confirm at once changes once.

Nobody waits for another in a circle. A transaction that changes alarms and then confirms others has the places to
itself from its beginning, `alone`; every other one confirms one alarm and waits for nothing while it holds that.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    Text,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import FIRE_KINDS, Alarm, AlarmKind, AlarmState
from fire_safety.domain.alarms.confirmation import Confirmed, Standing, confirmed
from fire_safety.domain.premises.places import Place
from fire_safety.repository.places import PLACE, PLACED, place_of
from fire_safety.repository.rows import UNSEEN, alarm_of
from fire_safety.repository.telling import tell
from fire_safety.wire import alarms as wire

_alarms, _devices = tables.alarms.c, tables.devices.c


def _standing(*where: ColumnElement[bool]) -> Select[Any]:
    """Ask for fire conditions on the register that began and have not ended, by where they hang now."""
    return (
        select(_alarms.alarm_id, _alarms.kind, _alarms.state, *PLACE)
        .select_from(PLACED.join(tables.alarms, _alarms.device_id == _devices.device_id))
        .where(
            tables.SIGNALLING,
            _alarms.kind.in_(sorted(FIRE_KINDS)),
            *where,
        )
        .order_by(_alarms.raised_at, _alarms.alarm_id)
    )


_ANYWHERE = _standing()
# Premises and groups of interlinked households.
_THERE = _standing(
    or_(
        _devices.premises_id.in_(bindparam("premises", expanding=True)),
        _devices.mutual_aid_group_id.in_(bindparam("groups", expanding=True)),
    )
)


_names = func.unnest(bindparam("areas", type_=ARRAY(Text))).column_valued("name")
_keys = select(func.hashtextextended(_names, 0).label("key")).distinct().order_by("key").subquery()
# In one order, whoever asks.
_ALONE = select(func.pg_advisory_xact_lock(_keys.c.key))


async def alone(tx: Transaction, places: Iterable[Place]) -> None:
    """Keep others out of here until the transaction ends: who changes alarms where these devices hang, and confirms."""
    areas = {area for place in places for area in (place.premises, place.group) if area}
    if areas:
        await tx.execute(_ALONE, {"areas": sorted(areas)})


async def look(tx: Transaction, places: Iterable[Place]) -> list[Confirmed]:
    """Find the pre-alarms that are confirmed by what stands beside them, where these devices hang."""
    shared = [place for place in places if place.is_shared]
    if not shared:
        return []
    areas = {
        "premises": sorted({place.premises_id for place in shared}),
        "groups": sorted({place.group_id for place in shared}),
    }
    return _confirmed((await tx.execute(_THERE, areas)).mappings())


async def look_everywhere(tx: Transaction) -> list[Confirmed]:
    """Find all pre-alarms that are confirmed by what stands beside them."""
    return _confirmed((await tx.execute(_ANYWHERE)).mappings())


async def confirm(tx: Transaction, found: Iterable[Confirmed], now: datetime) -> list[Alarm]:
    """Make fire alarms of pre-alarms that are confirmed; tell those that were none yet."""
    raised = [alarm for one in found for alarm in await _confirm(tx, one, now)]
    await tell(tx, now, wire.alarm_raised, raised)
    return raised


def _confirmed(rows: Iterable[RowMapping]) -> list[Confirmed]:
    return confirmed(map(_standing_of, rows))


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
