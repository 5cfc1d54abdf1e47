"""Devices in the field: what they publish, and what has become of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from sqlalchemy import select

from chassis.broker.jetstream import readings_stream
from chassis.broker.partitions import partition_of
from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.alarms.alarm import Alarm, AlarmFilter, AlarmKind, AlarmState
from fire_safety.domain.readings.columns import Bulk
from fire_safety.domain.readings.reading import Batch
from fire_safety.operations.recording import RecordingOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.detection import DetectionQueries
from fire_safety.queries.recording import RecordingQueries
from tests.fire_safety.rooms import CLEAN, ROOM
from ward.fire_safety.v1 import readings_pb2 as pb

DEVICE = "CS0001-D01"
_WARD = "11002"
# A busy machine takes its time to start three processes, and to bring about whatever is waited for.
_PATIENCE_S = 90.0


def now_ms() -> int:
    """Tell the time as a device's clock does."""
    return time.time_ns() // 1_000_000


def written(
    at_ms: int, density: float = CLEAN, temperature: float = ROOM, conditions: int = 0
) -> pb.Reading:
    """Write one reading."""
    return pb.Reading(
        observed_at_ms=at_ms,
        optical_density=density,
        temperature=temperature,
        conditions=conditions,
    )


def subject_of(device_id: str) -> str:
    """Tell where a device publishes."""
    return f"ward.11002.device.{device_id}.up"


async def publish(
    stream: JetStreamContext, readings: Iterable[pb.Reading], device_id: str = DEVICE
) -> int:
    """Send one message and see it stored, however long the broker is away; tell its sequence."""
    batch = pb.ReadingBatch(device_id=device_id, readings=readings)
    return await publish_raw(stream, batch.SerializeToString(), subject_of(device_id))


async def publish_raw(stream: JetStreamContext, payload: bytes, subject: str = "") -> int:
    """Send any bytes and see them stored."""
    while True:
        try:
            stored = await stream.publish(subject or subject_of(DEVICE), payload, timeout=5)
        except (NatsError, OSError):
            await asyncio.sleep(0.1)
        else:
            return stored.seq


async def publish_smoke(
    stream: JetStreamContext, device_id: str = DEVICE, start_ms: int | None = None
) -> None:
    """Send half a minute of smoke in one message."""
    start = now_ms() if start_ms is None else start_ms
    smoke = [written(start + 1000 * n, 0.1) for n in range(-30, 0, 2)]
    await publish(stream, smoke, device_id)


async def until(holds: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for something that other tasks and servers bring about; an outage only delays."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                if found := await holds():
                    return found
            except DatabaseUnavailableError:
                pass
            await asyncio.sleep(0.02)


async def until_detected(database: Database, sequence: int) -> None:
    """Wait until the detector has entered that it has come so far with the device."""
    queries, ours = DetectionQueries(database), frozenset({partition_of(DEVICE)})

    async def detected() -> bool:
        return (await queries.progress(_WARD, ours)).settled >= sequence

    await until(detected)


async def alarms_of(database: Database, **chosen: Any) -> list[Alarm]:
    """List alarms, newest first."""
    everything = {"premises_id": "", "device_id": "", "signal_class": None, "open_only": False}
    return await AlarmQueries(database).list_alarms(
        AlarmFilter(**{**everything, **chosen}), None, 10_000
    )


async def alarm_raised(database: Database, device_id: str = DEVICE) -> Alarm:
    """Wait for an alarm of a device."""
    found: list[Alarm] = await until(lambda: alarms_of(database, device_id=device_id))
    return found[0]


async def alarm_restored(
    database: Database, device_id: str = DEVICE, kind: AlarmKind = AlarmKind.SMOKE
) -> Alarm:
    """Wait until an alarm of a device is restored."""

    async def restored() -> list[Alarm]:
        found = await alarms_of(database, device_id=device_id)
        return [one for one in found if one.restored_at and one.kind is kind]

    return (await until(restored))[0]


async def alarm_ended(database: Database, device_id: str = DEVICE) -> Alarm:
    """Wait until an alarm of a device has ended."""

    async def ended() -> list[Alarm]:
        found = await alarms_of(database, device_id=device_id)
        return [one for one in found if one.state is AlarmState.RESET]

    return (await until(ended))[0]


async def recorded(database: Database, device_id: str = DEVICE) -> list[Any]:
    """Read a device's readings from the database, oldest first."""
    readings = tables.readings.c
    statement = (
        select(tables.readings)
        .where(readings.device_id == device_id)
        .order_by(readings.observed_at)
    )
    async with database.transaction() as tx:
        return list((await tx.execute(statement)).all())


async def until_recorded(database: Database, count: int, device_id: str = DEVICE) -> list[Any]:
    """Wait until so many readings of a device are stored."""

    async def enough() -> list[Any]:
        rows = await recorded(database, device_id)
        return rows if len(rows) >= count else []

    found: list[Any] = await until(enough)
    return found


async def until_all_recorded(database: Database, stream: JetStreamContext) -> None:
    """Wait until the recorder has been through everything that the stream holds."""
    last = (await stream.stream_info(readings_stream("11002"))).state.last_seq
    queries = RecordingQueries(database)

    async def done() -> bool:
        return await queries.recorded("11002") >= last

    await until(done)


async def store(database: Database, batches: Iterable[Batch]) -> None:
    """Store readings as the recorder does."""
    await RecordingOperations(database).record(Bulk((), list(batches)))
