"""`kill -9` of NATS, of PostgreSQL and of the service, in the middle of a fire: each alarm is there, once."""

import shutil
from collections.abc import AsyncGenerator

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from prometheus_client import REGISTRY

from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from fire_safety import app
from fire_safety.operations.register import Register
from stack.nats_server import NatsServer
from stack.postgres import PostgresServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.field import (
    alarm_raised,
    alarms_of,
    now_ms,
    publish,
    until,
    until_recorded,
    written,
)
from tests.fire_safety.replicas import replica

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.usefixtures("entered")]

BURNING = [f"burning-{n:02d}" for n in range(20)]


@pytest.fixture
async def running(
    entered: Register,  # noqa: ARG001 - the register that the service finds
    make_settings: MakeSettings,
    nats_server: NatsServer,
) -> AsyncGenerator[None]:
    """Run the whole service."""
    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        yield


def part_ready(part: str) -> bool:
    """Read from the metrics whether a part of the service is ready."""
    return REGISTRY.get_sample_value("ward_ready", {"part": part}) == 1


async def until_ready(*parts: str, ready: bool = True) -> None:
    """Wait until these parts are ready, or not."""

    async def as_said() -> bool:
        return all(part_ready(part) is ready for part in parts)

    await until(as_said)


async def begin_smoke(stream: JetStreamContext, database: Database) -> None:
    """Send the first half of what alarms, and see it stored."""
    await publish(stream, [written(now_ms() - 10_000, 0.1)])
    await until_recorded(database, 1)


@pytest.mark.usefixtures("running")
async def test_nats_killed_in_the_middle_of_a_rise(
    nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """The service says that it is not ready, resumes by itself, and nobody is called silent meanwhile."""
    await begin_smoke(broker.jetstream(), database)
    nats_server.kill()
    await until_ready("broker", ready=False)
    nats_server.start()
    await publish(broker.jetstream(), [written(now_ms(), 0.1)])

    await alarm_raised(database)
    await until_ready("broker", "detector")
    assert len(await until_recorded(database, 2)) == 2
    assert len(await alarms_of(database)) == 1


@pytest.mark.usefixtures("running")
async def test_a_broker_that_lost_everything_is_begun_anew(
    nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """The stream of before is gone: the streams are made again and read from their beginning."""
    for n in range(5):
        await publish(broker.jetstream(), [written(now_ms() - 60_000 + n)])
    await until_recorded(database, 5)
    nats_server.kill()
    shutil.rmtree(nats_server.run_dir / "nats" / "jetstream")
    nats_server.start()
    await publish(broker.jetstream(), [written(now_ms() - t, 0.1) for t in (10_000, 0)])

    await alarm_raised(database)
    assert len(await until_recorded(database, 7)) == 7


@pytest.mark.usefixtures("running")
async def test_postgresql_killed_in_the_middle_of_a_rise(
    postgres_server: PostgresServer, broker: Client, database: Database
) -> None:
    """Nothing is acknowledged that is not stored; all of it is, once the database is back."""
    await begin_smoke(broker.jetstream(), database)
    postgres_server.kill()
    await publish(broker.jetstream(), [written(now_ms(), 0.1)])
    await until_ready("database", "detector", ready=False)
    postgres_server.start()

    await alarm_raised(database)
    await until_ready("database", "detector")
    assert len(await until_recorded(database, 2)) == 2
    assert len(await alarms_of(database)) == 1


async def test_everything_killed_in_turn_in_the_middle_of_many_fires(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    postgres_server: PostgresServer,
    broker: Client,
    database: Database,
) -> None:
    """Twenty devices burn on; every reading ends up stored once and every device has one alarm."""
    settings, stream, start = make_settings(nats_server.url), broker.jetstream(), now_ms() - 60_000
    sent = 0

    async def burn(rounds: int) -> None:
        nonlocal sent
        for _ in range(rounds):
            at = start + 2000 * sent
            sent += 1
            for device_id in BURNING:
                await publish(stream, [written(at, 0.1)], device_id)

    async with replica(settings) as first:
        await burn(3)
        await first.kill()
    async with replica(settings):
        await burn(2)
        nats_server.kill()
        nats_server.start()
        await burn(2)
        postgres_server.kill()
        postgres_server.start()
        await burn(3)
        for device_id in BURNING:
            await alarm_raised(database, device_id)
            assert len(await until_recorded(database, sent, device_id)) == sent

    assert len(await alarms_of(database)) == len(BURNING)
