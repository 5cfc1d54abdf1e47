"""A flood, counted: twice sent, out of order; the service, NATS and PostgreSQL killed in turn in the middle of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from itertools import cycle
from typing import Self

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from sqlalchemy import func, select

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.settings import Settings
from stack.nats_server import NatsServer
from stack.postgres import PostgresServer
from tests.chaos.flood import PER_DEVICE, Flood
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.events import alarm_events, until_all_told
from tests.fire_safety.field import (
    alarms_of,
    now_ms,
    publish_raw,
    subject_of,
    until,
    until_all_recorded,
)
from tests.fire_safety.replicas import replica

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

_SENDERS = 8
# Each of the three is killed so many times in all while messages are sent.
_KILLS = 6
_SPAN_MS = (PER_DEVICE - 1) * 1000


class Platform:
    """The servers and the one service process of a test, to be killed one after the other."""

    def __init__(self, settings: Settings, nats: NatsServer, postgres: PostgresServer) -> None:
        self._settings = settings
        self._service = AsyncExitStack()
        self._nats = nats
        self._postgres = postgres

    async def __aenter__(self) -> Self:
        """Start the service; the servers run."""
        await self._start_service()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the service."""
        await self._service.aclose()

    @property
    def kills(self) -> list[Callable[[], Awaitable[None]]]:
        """Give what kills one part each and starts it again."""
        return [self._kill_service, self._kill_nats, self._kill_postgres]

    async def _start_service(self) -> None:
        await self._service.enter_async_context(replica(self._settings))

    async def _kill_service(self) -> None:
        await self._service.aclose()
        await self._start_service()

    async def _kill_nats(self) -> None:
        await asyncio.to_thread(self._nats.kill)
        await asyncio.to_thread(self._nats.start)

    async def _kill_postgres(self) -> None:
        await asyncio.to_thread(self._postgres.kill)
        await asyncio.to_thread(self._postgres.start)


class Delivery:
    """Publishes a flood, many devices at a time, each message until the broker acknowledges it."""

    def __init__(self, stream: JetStreamContext, flood: Flood) -> None:
        self._stream = stream
        self._flood = flood
        self._devices = iter(flood.devices)
        self.acknowledged = 0
        self.sent_devices = 0

    async def run(self) -> None:
        """Deliver everything."""
        await asyncio.gather(*(self._send() for _ in range(_SENDERS)))

    async def until_sent(self, devices: float) -> None:
        """Wait until so many devices have delivered everything."""
        while self.sent_devices < devices:
            await asyncio.sleep(0.02)

    async def _send(self) -> None:
        for device_id in self._devices:
            for message in self._flood.of(device_id):
                await publish_raw(self._stream, message.payload, subject_of(device_id))
                self.acknowledged += message.readings
            self.sent_devices += 1


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param(100_000, marks=pytest.mark.timeout(300)),
        pytest.param(2_000_000, marks=[pytest.mark.chaos, pytest.mark.timeout(900)]),
    ],
)
async def test_every_reading_is_kept_once_and_every_fire_alarms_once(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    postgres_server: PostgresServer,
    broker: Client,
    database: Database,
    readings: int,
) -> None:
    """What was acknowledged is stored, each reading once; each fire has one alarm, and nothing else has one."""
    flood = Flood(readings, start_ms=now_ms() - 3 * 3600_000)
    delivery = Delivery(broker.jetstream(), flood)
    settings = make_settings(nats_server.url)
    began = time.monotonic()
    async with Platform(settings, nats_server, postgres_server) as platform:
        sending = asyncio.create_task(delivery.run())
        for turn, kill in zip(range(_KILLS), cycle(platform.kills), strict=False):
            await delivery.until_sent(len(flood.devices) * (turn + 1) / (_KILLS + 2))
            await kill()
        await sending
        await _until_stored(database, readings)
        await _until_burnt(database, flood)
        await until_all_recorded(database, broker.jetstream())
        stored = await _stored_of(database)
        alarms = await alarms_of(database)
        await until_all_told(database)
        told = await alarm_events(broker)

    whole = (PER_DEVICE, flood.start_ms, flood.start_ms + _SPAN_MS)
    assert stored == dict.fromkeys(flood.devices, whole)
    fires = [one.device_id for one in alarms if one.kind is AlarmKind.SMOKE]
    assert sorted(fires) == sorted(flood.burning)
    assert len(alarms) == len(fires)
    raised = [one.alarm for one in told if one.name == "AlarmRaised"]
    assert len(raised) == len({(one.alarm_id, one.version) for one in raised})
    assert {one.alarm_id for one in raised} == {str(one.alarm_id) for one in alarms}
    print(  # noqa: T201 - for the record
        f"{delivery.acknowledged} readings acknowledged, {readings} different ones, {len(fires)} fires,"
        f" {_KILLS} kills, {time.monotonic() - began:.0f} s:"
        f" each stored once, each fire one alarm, told {len(raised)} times"
    )


async def _until_stored(database: Database, readings: int) -> None:
    """Wait for as many, as long as it goes on."""
    before, since = -1, time.monotonic()
    while before < readings:
        stored = sum(count for count, *_ in (await until(lambda: _stored_of(database))).values())
        if stored > before:
            before, since = stored, time.monotonic()
        assert time.monotonic() - since < 60, f"only {stored} of {readings} were stored"
        await asyncio.sleep(0.5)


async def _until_burnt(database: Database, flood: Flood) -> None:
    async def all_burnt() -> bool:
        return {one.device_id for one in await alarms_of(database)} >= set(flood.burning)

    await until(all_burnt)


async def _stored_of(database: Database) -> dict[str, tuple[int, int, int]]:
    """Count what is stored by device, with the first and the last observation, ms."""
    readings = tables.readings.c
    statement = select(
        readings.device_id,
        func.count(),
        func.min(readings.observed_at),
        func.max(readings.observed_at),
    ).group_by(readings.device_id)
    async with database.transaction() as tx:
        rows = (await tx.execute(statement)).all()
    return {
        device_id: (count, _milliseconds(first), _milliseconds(last))
        for device_id, count, first, last in rows
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
