"""Silence on real servers: told once, ended when the device speaks, and never while nobody could be heard."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from nats.aio.client import Client
from sqlalchemy import insert, select, text

from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from fire_safety import app, tables
from fire_safety.domain.alarms.alarm import Alarm, AlarmKind, AlarmState
from fire_safety.operations.register import RegisterOperations
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.field import alarms_of, now_ms, publish, until, written
from tests.fire_safety.limits import MAINS, PROFILE
from tests.fire_safety.samples import register

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

QUICK = replace(MAINS, device_id="quick", interval_s=1, profile_id="quick")
# A busy machine keeps messages and whoever looks for silence waiting: who is heard in time needs longer than that.
PATIENT = replace(QUICK, interval_s=5)


@pytest.fixture
async def quick_profile(owner: Database) -> None:
    """Publish a profile by which a device may be silent for one of its intervals and no more."""
    profiles = tables.detection_profiles
    first = select(profiles).where(
        profiles.c.profile_id == PROFILE.profile_id, profiles.c.version == 1
    )
    async with owner.transaction() as tx:
        (row,) = (await tx.execute(first)).mappings()
        limits = {**row["limits"]}
        limits["rhythm"] |= {"silence_intervals_mains": 1, "silence_margin_s": 0}
        await tx.execute(insert(profiles).values({**row, "profile_id": "quick", "limits": limits}))


@pytest.fixture
async def running(
    quick_profile: None,  # noqa: ARG001 - must be there first
    make_settings: MakeSettings,
    nats_server: NatsServer,
    database: Database,
    broker: Client,  # noqa: ARG001 - the streams
) -> AsyncGenerator[None]:
    """Run the whole service with a device that may be silent for one second."""
    await RegisterOperations(database, utc_now, "11002").enter(register(QUICK))
    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        yield


async def silence(database: Database, state: AlarmState) -> Alarm:
    """Wait for an alarm of silence in a state."""

    async def found() -> list[Alarm]:
        return [one for one in await alarms_of(database) if one.state is state]

    (alarm,) = await until(found)
    return alarm


@pytest.mark.usefixtures("running")
async def test_silence_is_told_once_and_ends_with_the_next_reading(
    broker: Client, database: Database
) -> None:
    """From being registered on; other devices have their own allowance."""
    lost = await silence(database, AlarmState.ACTIVE)
    await publish(broker.jetstream(), [written(now_ms())], "quick")
    ended = await silence(database, AlarmState.RESET)

    assert (lost.kind, lost.device_id) == (AlarmKind.SUPERVISION_LOST, "quick")
    assert (ended.alarm_id, ended.reset_by) == (lost.alarm_id, "")
    assert ended.restored_at is not None


@pytest.mark.usefixtures("quick_profile")
async def test_nobody_is_silent_while_the_broker_is_away(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """Silence for longer than the allowance, and heard again at once: that was the platform's fault."""
    await RegisterOperations(database, utc_now, "11002").enter(register(PATIENT))
    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url))
        await publish(broker.jetstream(), [written(now_ms())], "quick")
        nats_server.kill()
        await asyncio.sleep(6)
        nats_server.start()
        await publish(broker.jetstream(), [written(now_ms())], "quick")
        # Silence is looked for every second.
        await asyncio.sleep(2)

        assert await alarms_of(database) == []


async def test_a_device_entered_later_is_watched_as_well(
    quick_profile: None,  # noqa: ARG001 - must be there first
    make_settings: MakeSettings,
    nats_server: NatsServer,
    database: Database,
) -> None:
    """The register is asked for changes; by a clock that runs ahead here, so that nobody waits."""
    ahead = timedelta()

    def clock() -> datetime:
        return utc_now() + ahead

    async with Lifecycle() as life:
        await app.start(life, make_settings(nats_server.url), clock)
        await RegisterOperations(database, utc_now, "11002").enter(register(QUICK))
        ahead = timedelta(seconds=5)

        lost = await silence(database, AlarmState.ACTIVE)

    assert lost.device_id == "quick"
    async with database.transaction() as tx:
        assert await tx.scalar(text("select count(*) from alarms")) == 1


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
@pytest.mark.usefixtures("quick_profile")
async def test_a_jump_of_the_services_clock_disturbs_nothing(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    broker: Client,
    database: Database,
    jump: timedelta,
) -> None:
    """Nobody who reports is called silent for it, and who falls silent afterwards is found while others report."""
    ahead = timedelta()
    times = count(now_ms() - 120_000)
    reporting = {"quick", "talking"}

    async def report() -> None:
        while True:
            for device_id in sorted(reporting):
                await publish(broker.jetstream(), [written(next(times))], device_id)
            # Now and then nothing waits to be taken.
            await asyncio.sleep(0.6)

    talking = replace(PATIENT, device_id="talking")
    await RegisterOperations(database, utc_now, "11002").enter(register(PATIENT, talking))
    async with Lifecycle() as life:
        life.background("report", report())
        await app.start(life, make_settings(nats_server.url), lambda: utc_now() + ahead)
        await asyncio.sleep(1.5)
        ahead = jump
        # Longer than either may be silent.
        await asyncio.sleep(7)
        assert await alarms_of(database) == []
        reporting.discard("quick")

        lost = await silence(database, AlarmState.ACTIVE)

    assert (lost.kind, lost.device_id) == (AlarmKind.SUPERVISION_LOST, "quick")
