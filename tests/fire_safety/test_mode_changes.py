"""A mode that a person sets or ends counts at once, and not with the next look at the register."""

import asyncio
from datetime import timedelta

import pytest
from nats.aio.client import Client

from chassis.broker import jetstream
from chassis.clock import utc_now
from fire_safety.consumers import watch
from fire_safety.consumers.mode_changes import ModeChanges
from fire_safety.domain.alarms.alarm import Alarm, AlarmKind, AlarmState
from fire_safety.domain.readings.reading import Condition
from fire_safety.queries.modes import ModeQueries
from fire_safety.wire.modes import CHANGE_SUBJECTS
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import Service
from tests.fire_safety.field import (
    alarms_of,
    now_ms,
    publish,
    publish_smoke,
    until,
    written,
)
from tests.fire_safety.samples import PLACED
from tests.fire_safety.test_modes import EVERY_SIGNAL
from tests.fixtures.barrier import taken_in
from ward.fire_safety.v1 import modes_pb2

CALL_POINT = int(Condition.MANUAL_CALL_POINT)
pytestmark = [pytest.mark.postgres, pytest.mark.nats]


@pytest.fixture
def never_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the register be looked at when detection begins and then no more."""
    monkeypatch.setattr(watch, "_REFRESH", timedelta(days=1))


@pytest.mark.usefixtures("never_looking")
async def test_a_mode_counts_as_soon_as_it_is_set_and_no_longer_than_it_is_ended(
    service: Service, broker: Client
) -> None:
    """Smoke of a tested device is recorded only; a call when the officer has ended the test is an alarm."""
    stream = broker.jetstream()
    wanted = modes_pb2.SetDeviceModeRequest(
        kind=modes_pb2.DEVICE_MODE_KIND_TEST,
        scope=modes_pb2.MODE_SCOPE_DEVICE,
        target_id=PLACED.device_id,
        reason="thử định kỳ",
        request_id="request-0001",
    )
    wanted.ends_at.FromDatetime(utc_now() + timedelta(hours=1))
    mode = (await service.call("SetDeviceMode", wanted)).mode

    async def recorded() -> object:
        await publish_smoke(stream, PLACED.device_id)
        return await ModeQueries(service.database).list_signals(EVERY_SIGNAL, None, 1)

    await until(recorded)
    end = modes_pb2.EndDeviceModeRequest(mode_id=mode.mode_id, request_id="request-0002")
    await service.call("EndDeviceMode", end)

    async def called() -> object:
        # Not smoke: that may have been sent before the test was known.
        await publish(stream, [written(now_ms(), conditions=CALL_POINT)], PLACED.device_id)
        alarms = await alarms_of(service.database, device_id=PLACED.device_id)
        return AlarmKind.MANUAL_CALL_POINT in {one.kind for one in alarms}

    assert await until(called)


async def test_a_fire_that_began_during_a_disablement_is_an_alarm_as_it_is_ended(
    service: Service, broker: Client
) -> None:
    """The device says so once, as those do that speak of what changes; it was recorded meanwhile."""
    wanted = modes_pb2.SetDeviceModeRequest(
        kind=modes_pb2.DEVICE_MODE_KIND_DISABLED,
        scope=modes_pb2.MODE_SCOPE_DEVICE,
        target_id=PLACED.device_id,
        reason="sơn lại trần",
        request_id="request-0001",
    )
    wanted.ends_at.FromDatetime(utc_now() + timedelta(hours=1))
    stream, signals = broker.jetstream(), ModeQueries(service.database)
    mode = (await service.call("SetDeviceMode", wanted)).mode

    async def is_known() -> object:
        await publish_smoke(stream, PLACED.device_id)
        return await signals.list_signals(EVERY_SIGNAL, None, 1)

    await until(is_known)
    await publish(stream, [written(now_ms(), conditions=CALL_POINT)], PLACED.device_id)

    async def is_recorded() -> object:
        (newest,) = await signals.list_signals(EVERY_SIGNAL, None, 1)
        return newest.kind is AlarmKind.MANUAL_CALL_POINT

    async def calls() -> list[Alarm]:
        alarms = await alarms_of(service.database, device_id=PLACED.device_id)
        return [one for one in alarms if one.kind is AlarmKind.MANUAL_CALL_POINT]

    await until(is_recorded)
    assert await calls() == []
    end = modes_pb2.EndDeviceModeRequest(mode_id=mode.mode_id, request_id="request-0002")
    await service.call("EndDeviceMode", end)

    (alarm,) = await until(calls)
    assert alarm.state is AlarmState.ACTIVE


async def test_every_replica_hears_a_change_and_many_together_are_one(
    broker: Client, nats_server: NatsServer
) -> None:
    """Each by its own connection; what was told is not told again."""
    other = await jetstream.connect(nats_server.url, "other")
    async with ModeChanges(broker) as here, ModeChanges(other) as there:
        await taken_in(broker)
        await taken_in(other)
        for subject in CHANGE_SUBJECTS * 3:
            await broker.publish(subject, b"")

        assert all(await asyncio.gather(here.within(10), there.within(10)))
        assert not any(await asyncio.gather(here.within(0.1), there.within(0.1)))
    await other.close()
