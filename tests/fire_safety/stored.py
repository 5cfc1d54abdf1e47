"""What the database holds after signals were stored, in few words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from chassis.storage.database import Database, Lease
from fire_safety import tables
from fire_safety.domain.alarms.alarm import Alarm, AlarmFilter, Signal
from fire_safety.domain.devices.device import Device
from fire_safety.operations.detection import DetectionOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.detection import DetectionQueries
from ward.fire_safety.v1 import alarm_overview_pb2, fire_safety_pb2, modes_pb2

ALL = AlarmFilter("", "", None, open_only=False)
WARD = "11002"
_CONTRACTS = (fire_safety_pb2, modes_pb2, alarm_overview_pb2)


async def alarms_of(database: Database) -> list[Alarm]:
    """List all alarms, oldest first."""
    return (await AlarmQueries(database).list_alarms(ALL, None, 1000))[::-1]


async def devices_since(queries: DetectionQueries, since: datetime) -> list[Device]:
    """List the devices that the register changed since then, as detection learns of them."""
    return await queries.devices(list(await queries.entries(since)))


async def events_of(database: Database) -> list[tuple[str, Any]]:
    """Read the outbox: names of events and their alarms."""
    return [(name, event.alarm) for name, event in await outbox_of(database, "Alarm")]


async def outbox_of(database: Database, about: str) -> list[tuple[str, Any]]:
    """Read the outbox: those events whose names tell of something."""
    async with database.transaction() as tx:
        rows = await tx.execute(select(tables.outbox).order_by(tables.outbox.c.position))
    return [
        (name, _message(name).FromString(row.payload))
        for row in rows
        if about in (name := row.subject.rpartition(".")[2])
    ]


async def note(detection: DetectionOperations, lease: Lease, *signals: Signal) -> Sequence[Signal]:
    """Store signals one after the other, as from separate messages."""
    for one in signals:
        await detection.note_signals(lease, [one], None)
    return signals


def _message(name: str) -> Any:
    return next(getattr(one, name) for one in _CONTRACTS if hasattr(one, name))
