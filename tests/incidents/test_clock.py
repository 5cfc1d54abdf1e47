"""The clock test in little: three replicas, one restarted. `make bench-escalations` has the whole number."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from nats.aio.client import Client

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
