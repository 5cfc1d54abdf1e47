"""What lanes do when the stream is not the one that they read, or their right to read it is lost."""

import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client
from sqlalchemy import text

from chassis.broker.jetstream import ensure_streams, readings_stream
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from fire_safety import app
from fire_safety.settings import Settings
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.field import (
    alarm_raised,
    alarms_of,
    now_ms,
    publish,
    publish_smoke,
    until,
    until_all_recorded,
    until_detected,
    until_recorded,
    written,
)
from tests.fire_safety.stored import WARD

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.usefixtures("entered")]

_OF_THE_RECORDER = """
    select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())
       and objid::bigint = :key
"""


@pytest.fixture
def settings(make_settings: MakeSettings, nats_server: NatsServer) -> Settings:
    """Give the service's settings for the test's broker."""
    return make_settings(nats_server.url)


@asynccontextmanager
async def service(settings: Settings) -> AsyncGenerator[None]:
    """Run the whole service within a block."""
    async with Lifecycle() as life:
        await app.start(life, settings)
        yield


async def make_anew(broker: Client) -> None:
    """Lose the stream of readings and make it again."""
    await broker.jetstream().delete_stream(readings_stream(WARD))
    await ensure_streams(broker.jetstream(), WARD)


async def test_a_stream_made_anew_is_read_from_its_start_though_it_is_longer(
    settings: Settings, broker: Client, database: Database
) -> None:
    """Made anew while the service is away, and again while it works: nothing is skipped, nothing told twice."""
    stream, now = broker.jetstream(), now_ms()
    async with service(settings):
        await publish(stream, [written(now - 300_000)])
        await publish(stream, [written(now - 290_000)])
        await until_detected(database, 2)
        await until_all_recorded(database, stream)
    await make_anew(broker)
    await publish_smoke(stream)
    for n in range(3):
        await publish(stream, [written(now - 280_000 + n)], "x1")
    async with service(settings):
        await alarm_raised(database)
        await until_recorded(database, 17)
        await until_detected(database, 4)
        await make_anew(broker)
        await publish_smoke(stream, "x2")
        for n in range(6):
            await publish(stream, [written(now - 270_000 + n)], "x1")
        await alarm_raised(database, "x2")
        await until_recorded(database, 15, "x2")
        await until_recorded(database, 9, "x1")

    assert len(await alarms_of(database)) == 2


async def test_smoke_behind_a_place_from_a_clock_that_was_ahead_is_read(
    settings: Settings, owner: Database, broker: Client, database: Database
) -> None:
    """The broker's clock was an hour ahead when the place was entered, and was put right while the service was away."""
    stream = broker.jetstream()
    async with service(settings):
        await publish(stream, [written(now_ms() - 60_000)])
        await until_detected(database, 1)
    async with owner.transaction() as tx:
        await tx.execute(
            text("update detector_positions set received_at = received_at + interval '1 hour'")
        )
    await publish_smoke(stream)

    async with service(settings):
        await alarm_raised(database)


async def test_a_recorder_that_lost_its_right_stops_and_gains_it_anew(
    settings: Settings, owner: Database, broker: Client, database: Database
) -> None:
    """The server ends its connection: it does not go on without the right, so that there are never two for long."""
    key = {"key": zlib.crc32(f"fire_safety-recorder-{WARD}".encode())}

    async def holder() -> int | None:
        async with owner.transaction() as tx:
            found: int | None = await tx.scalar(text(_OF_THE_RECORDER), key)
            return found

    async with service(settings):
        first = await until(holder)
        async with database.transaction() as tx:
            await tx.execute(text("select pg_terminate_backend(:pid)"), {"pid": first})

        async def held_by_another() -> bool:
            return await holder() not in {None, first}

        await until(held_by_another)
        await publish(broker.jetstream(), [written(now_ms())])
        await until_recorded(database, 1)
