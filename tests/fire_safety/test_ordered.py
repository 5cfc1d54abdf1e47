"""Reading a stream in its order, whatever becomes of the server that reads it for us."""

import asyncio

import pytest
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from chassis.broker.delivery import Delivery
from fire_safety.consumers.ordered import OrderedReader, stream_state
from tests.fixtures.cluster import Cluster

pytestmark = pytest.mark.nats

STREAM = "READINGS_11002"
SUBJECT = "ward.11002.device.x.up"


async def take(reader: OrderedReader, number: int) -> list[Delivery]:
    """Take so many messages."""
    taken: list[Delivery] = []
    async with asyncio.timeout(60):
        while len(taken) < number:
            taken += await reader.take(1)
    return taken


async def servers_of_readers(stream: JetStreamContext) -> list[str]:
    """Tell which servers have the consumers of the stream."""
    infos = await stream.consumers_info(STREAM)
    return [one.cluster.leader for one in infos if one.cluster and one.cluster.leader]


async def test_a_reader_goes_on_when_the_server_of_its_consumer_is_lost(cluster: Cluster) -> None:
    """Behind what it read, in order, though its own connection is to another server and stays."""
    client = await cluster.connect()
    stream = client.jetstream(timeout=5)
    state = await stream_state(stream, STREAM)
    readers = []
    # The broker places consumers anywhere: not on the server that we are connected to is what is wanted.
    while not (elsewhere := set(await servers_of_readers(stream)) - {cluster.servers[0].name}):
        readers.append(OrderedReader(client, stream, STREAM, state.created_at))
        assert await readers[-1].take(0.1) == []
    await stream.publish(SUBJECT, b"1")
    before = [await take(one, 1) for one in readers]

    (lost,) = (one for one in cluster.servers if one.name in elsewhere)
    lost.kill()
    await _stored(stream, b"2")
    after = [await take(one, 1) for one in readers]

    assert [one.data for (one,) in before] == [b"1"] * len(readers)
    assert [one.data for (one,) in after] == [b"2"] * len(readers)
    assert readers[-1].bindings > 1
    assert client.stats["reconnects"] == 0
    await client.close()


async def _stored(stream: JetStreamContext, payload: bytes) -> None:
    """Publish until it is stored: the servers that are left may have to choose their leader first."""
    while True:
        try:
            await stream.publish(SUBJECT, payload, headers={"Nats-Msg-Id": "the same"})
        except (NatsError, OSError):
            await asyncio.sleep(0.1)
        else:
            return
