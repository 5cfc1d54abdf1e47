"""NATS as deploy/k8s configures it: three real servers with the chart's values."""

import asyncio

import pytest
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo

from chassis.broker import jetstream
from tests.fixtures.cluster import SERVERS, Cluster

pytestmark = pytest.mark.nats


async def test_each_stream_is_kept_by_three_servers_and_outlives_one(cluster: Cluster) -> None:
    """With certificates between all of them; what was acknowledged is there, and more is taken."""
    client = await cluster.connect()
    stream = client.jetstream(timeout=2)
    await stream.publish("dead.before", b"1")
    infos = await stream.streams_info()
    assert {one.config.num_replicas for one in infos} == {SERVERS}
    assert len(infos) == len(jetstream.STREAMS) + 1

    cluster.servers[2].kill()

    async def published() -> StreamInfo:
        while True:
            try:
                await stream.publish("dead.after", b"2")
                return await stream.stream_info("DEAD_LETTERS")
            except (NatsError, TimeoutError):
                await asyncio.sleep(0.1)

    info = await asyncio.wait_for(published(), 30)
    assert info.state.messages >= 2
    assert client.is_connected
    await client.close()
