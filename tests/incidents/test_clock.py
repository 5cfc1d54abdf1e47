"""What is measured whole elsewhere, in little: three replicas, one restarted.

`make bench-escalations` and `make bench-alarms` have the whole numbers.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from nats.aio.client import Client

from bench import alarms
from bench.escalations import Sizes, Told, fill, judge, listen
from chassis.clock import utc_now
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken, TestDatabase
from tests.incidents.conftest import MakeSettings, running

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

SIZES = Sizes(count=500, span_s=2.0)


async def test_each_escalation_is_told_once_by_three_replicas_and_over_a_restart(
    test_database: TestDatabase,
    nats_server: NatsServer,
    broker: Client,
    make_settings: MakeSettings,
    make_token: MakeToken,
) -> None:
    """Not early, not twice, on the stream and in the timeline; one replica leaves midway and another comes."""
    settings, told = make_settings(nats_server.url), Told()
    async with AsyncExitStack() as replicas, AsyncExitStack() as leaving:
        for place in (replicas, replicas, leaving):
            await place.enter_async_context(running(settings, make_token))
        first_due = utc_now() + timedelta(seconds=0.5)
        due = await fill(test_database.owner_url, SIZES, first_due)
        listening = asyncio.create_task(listen(broker, due, told))
        while len(told.times) < SIZES.count / 3:
            await asyncio.sleep(0.01)
        await leaving.aclose()
        await replicas.enter_async_context(running(settings, make_token))
        await listening
    await judge(test_database.owner_url, due, told)

    assert len(told.times) == len(due) == SIZES.count
    assert set(told.times.values()) == {1}
    assert min(told.late.seconds) >= 0
    assert (told.twice, told.late.lost) == (0, 0)


async def test_each_alarm_of_many_at_once_is_in_one_incident(
    test_database: TestDatabase,
    nats_server: NatsServer,
    broker: Client,
    make_settings: MakeSettings,
    make_token: MakeToken,
) -> None:
    """Some told twice under other ids, taken many at a time by three replicas of which one leaves midway."""
    sizes = alarms.Sizes(alarms=300, premises=20, dwellings=1, span_s=0.5)
    settings, told = make_settings(nats_server.url), alarms.Told()
    await alarms.settle(test_database.owner_url, sizes)
    async with AsyncExitStack() as replicas, AsyncExitStack() as leaving:
        for place in (replicas, replicas, leaving):
            await place.enter_async_context(running(settings, make_token))
        listening = asyncio.create_task(alarms.listen(broker, sizes, told))
        sending = asyncio.create_task(alarms.send(broker, sizes))
        while len(told.times) < sizes.alarms / 3:
            await asyncio.sleep(0.01)
        await leaving.aclose()
        await sending
        await listening
    await alarms.judge(test_database.owner_url, told)

    assert told.kept(sizes), told.counts
