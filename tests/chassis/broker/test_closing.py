"""The connection to the broker, where it ends."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvloop

from chassis.broker import jetstream
from stack.nats_server import NatsServer

pytestmark = pytest.mark.nats


async def publish_and_close_without_a_broker(server: NatsServer) -> bool:
    """Publish while the broker is gone, then stop; tell whether the end was told."""
    ended = asyncio.Event()
    client = await jetstream.connect(server.url, "tests", ended.set)
    server.kill()
    while client.is_connected:
        await asyncio.sleep(0.01)
    await client.publish("ward.tests", b"into the dark")
    await client.close()
    return ended.is_set()


def test_what_waits_for_a_broker_that_is_gone_holds_up_no_end(nats_server: NatsServer) -> None:
    """On the loop that services run on: a service that was stopped meanwhile ended with a trace."""
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(uvloop.run, publish_and_close_without_a_broker(nats_server)).result()

    assert ended
