"""Watching a whole ward: who falls silent is found, once and never too early, over a crash in the middle."""

import asyncio
import math
import random
import time
from collections import Counter

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext

from chassis.clock import utc_now
from chassis.storage.database import Database
from fire_safety.domain.alarms.alarm import AlarmKind
from fire_safety.domain.devices.device import Device
from fire_safety.operations.register import Register, RegisterOperations
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.events import alarm_events, until_all_told
from tests.fire_safety.field import alarms_of, now_ms, publish, until, written
from tests.fire_safety.replicas import replica

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.timeout(300)]

_DEVICES = 2500
_INTERVAL_S = 2
# By the published profile: six intervals of a device on mains, and five seconds.
_ALLOWED_S = 6 * _INTERVAL_S + 5
# Devices report less often than they might: a busy disk stores no more, and who is kept waiting is truly silent.
_REPORT_S = 8
_SILENCED_S = (5, 30)
_CRASH_S = 28
# Between two looks, and until what was found is stored, on a machine that does everything else as well.
_LOOK_S = 5


def ward_of(number: int) -> list[Device]:
    """Make up so many devices on mains."""
    return [
        Device(
            device_id=f"watched-{n:04d}",
            premises_id="",
            zone_id="",
            model="KN-10",
            mains_powered=True,
            interval_s=_INTERVAL_S,
            profile_id="smoke-optical",
        )
        for n in range(number)
    ]


async def report(
    stream: JetStreamContext, device_id: str, phase_s: float, silenced_at: float
) -> tuple[str, float, float]:
    """Report until silenced; tell when the last message was sent and when it was stored, seconds since 1970."""
    sent = stored = 0.0
    await asyncio.sleep(phase_s)
    while not sent or time.monotonic() < silenced_at:
        sent = time.time()
        await publish(stream, [written(now_ms())], device_id)
        stored = time.time()
        await asyncio.sleep(min(_REPORT_S, max(0, silenced_at - time.monotonic())))
    return device_id, sent, stored


async def test_each_of_2500_devices_silenced_at_random_is_found_once(
    make_settings: MakeSettings, nats_server: NatsServer, broker: Client, database: Database
) -> None:
    """Never before its allowance is over, and at once after it, or after the service is back that was away meanwhile.

    One device goes on reporting: that somebody is heard shows that all could be.
    """
    *devices, alive = ward_of(_DEVICES + 1)
    await RegisterOperations(database, utc_now, "11002").enter(
        Register([], [*devices, alive], [], [])
    )
    chance, stream, settings = random.Random(7), broker.jetstream(), make_settings(nats_server.url)  # noqa: S311

    async with replica(settings) as first:
        await until(first.is_ready)
        start = time.monotonic()
        reporting = asyncio.gather(
            *(
                report(
                    stream,
                    one.device_id,
                    chance.uniform(0, _REPORT_S),
                    start + chance.uniform(*_SILENCED_S),
                )
                for one in devices
            )
        )
        living = asyncio.create_task(report(stream, alive.device_id, 0, math.inf))
        await asyncio.sleep(_CRASH_S)
        await first.kill()
        killed_at = time.time()
    async with replica(settings) as second:
        last = await reporting
        await until(second.is_ready)
        back_at = time.time()

        async def all_found() -> bool:
            return len(await alarms_of(database)) >= _DEVICES

        await until(all_found)
        alarms = await alarms_of(database)
        await until_all_told(database)
        told = await alarm_events(broker)
        living.cancel()

    assert {one.kind for one in alarms} == {AlarmKind.SUPERVISION_LOST}
    assert Counter((one.name, one.alarm.device_id) for one in told) == Counter(
        ("AlarmRaised", one.device_id) for one in devices
    )
    found = {one.device_id: one.raised_at.timestamp() for one in alarms}
    lags = sorted(found[device_id] - sent for device_id, sent, _ in last)
    due = {device_id: stored + _ALLOWED_S for device_id, _, stored in last}
    before = [one for one in due if due[one] < killed_at - _LOOK_S]
    after = due.keys() - before
    print(  # noqa: T201 - for the record
        f"{len(alarms)} devices found {lags[0]:.1f} to {lags[-1]:.1f} s after their last message,"
        f" half of them within {lags[len(lags) // 2]:.1f} s; allowed {_ALLOWED_S} s"
    )
    assert lags[0] >= _ALLOWED_S - 1
    assert len(before) > _DEVICES / 10
    assert max(found[one] - due[one] for one in before) <= _LOOK_S
    assert max(found[one] - max(due[one], back_at) for one in after) <= _LOOK_S
