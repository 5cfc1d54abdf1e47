"""Pulling from a real stream: everything that comes, at once, and a word when something breaks."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig

from chassis.broker.delivery import Delivery
from chassis.broker.pull import Pull, PullBrokenError
from stack.nats_server import NatsServer
from tests.chassis.broker.test_hostile_messages import HOSTILE, send_as_device, with_headers
from tests.fixtures.barrier import taken_in

pytestmark = pytest.mark.nats

STREAM, CONSUMER = "READINGS_11002", "tests"
SUBJECT = "ward.11002.device.x.up"


@asynccontextmanager
async def pulling(
    broker: Client, batch: int = 500, heartbeat_s: float = 2
) -> AsyncGenerator[Pull]:
    """Pull from a new consumer that wants acknowledgements."""
    config = ConsumerConfig(durable_name=CONSUMER, ack_policy=AckPolicy.EXPLICIT, ack_wait=60)
    await broker.jetstream().add_consumer(STREAM, config)
    async with Pull(broker, STREAM, CONSUMER, batch, heartbeat_s) as pull:
        yield pull


async def take(pull: Pull, number: int) -> list[Delivery]:
    """Take so many messages."""
    taken: list[Delivery] = []
    async with asyncio.timeout(20):
        while len(taken) < number:
            taken += await pull.take(1)
    return taken


async def unfinished(broker: Client) -> int:
    """Count what was delivered and not acknowledged, or not delivered yet, once the broker has read all of it."""
    for _ in range(100):
        info = await broker.jetstream().consumer_info(STREAM, CONSUMER)
        left = (info.num_ack_pending or 0) + (info.num_pending or 0)
        if not left:
            break
        await asyncio.sleep(0.05)
    return left


async def test_all_sizes_come_in_order_and_say_where_they_were(broker: Client) -> None:
    """Also more than one request asks for, and messages larger than what one read from the wire gives."""
    payloads = [b"%d" % n * (n * n * 40) for n in range(1, 60)]
    stream = broker.jetstream()
    for payload in payloads:
        await stream.publish(SUBJECT, payload)
    async with pulling(broker, batch=10) as pull:
        taken = await take(pull, len(payloads))
        await pull.acknowledge(taken)
        await taken_in(broker)

        assert [message.data for message in taken] == payloads
        assert await unfinished(broker) == 0
    assert [message.metadata.sequence.stream for message in taken] == list(range(1, 60))
    stored = await stream.get_msg(STREAM, 7)
    assert taken[6].metadata.stream == STREAM
    assert taken[6].metadata.timestamp == stored.time
    assert (taken[0].metadata.num_delivered, taken[-1].metadata.num_pending) == (1, 0)


async def test_messages_that_are_not_text_are_pulled_like_any_other(
    nats_server: NatsServer, broker: Client
) -> None:
    """Whatever their subject and headers, with their payload, and acknowledged like any other."""
    odd_subject = b"PUB ward.11002.device.a\x0b\x0cb.up 1\r\np\r\n"
    async with pulling(broker) as pull:
        await send_as_device(nats_server, *HOSTILE, odd_subject)
        await send_as_device(nats_server, with_headers(b"NATS/1.0\r\nA: b\r\nbad name: c\r\n\r\n"))
        messages = await take(pull, len(HOSTILE) + 2)
        for message in messages:
            await message.ack()
        await taken_in(broker)

        assert await unfinished(broker) == 0
    assert [message.data for message in messages] == [b"p"] * len(messages)
    # What is stored has one more token: which share of the devices it belongs to.
    assert messages[5].subject.startswith("ward.11002.device.\ufffd\ufffd.up.")
    assert messages[-1].headers == {"A": "b"}
    assert broker.stats["reconnects"] == 0


async def test_two_pulls_of_one_connection_are_both_told(broker: Client) -> None:
    """Messages of both in one read from the wire wake both."""
    await broker.jetstream().add_consumer(
        STREAM, ConsumerConfig(durable_name="other", ack_policy=AckPolicy.NONE)
    )
    async with pulling(broker) as one, Pull(broker, STREAM, "other") as other:
        both = asyncio.gather(take(one, 50), take(other, 50))
        await asyncio.gather(*(broker.jetstream().publish(SUBJECT, b"%d" % n) for n in range(50)))

        assert [len(some) for some in await both] == [50, 50]


async def test_a_consumer_that_is_gone_is_told(broker: Client) -> None:
    """Not waited for, for ever."""
    async with pulling(broker) as pull:
        assert await pull.take(0.05) == []
        await broker.jetstream().delete_consumer(STREAM, CONSUMER)
        with pytest.raises(PullBrokenError, match="Consumer Deleted"):
            await take(pull, 1)


async def test_a_connection_that_was_another_is_told(
    broker: Client, nats_server: NatsServer
) -> None:
    """What was asked for on the old one will not come; what had come is still given."""
    async with pulling(broker) as pull:
        await broker.jetstream().publish(SUBJECT, b"before")
        assert len(await take(pull, 1)) == 1
        nats_server.kill()
        nats_server.start()
        with pytest.raises(PullBrokenError, match="reconnected"):
            await take(pull, 1)


async def test_nothing_to_deliver_is_not_silence(broker: Client) -> None:
    """Neither when nothing is stored, nor when as much is out as may be: the broker says that it is there."""
    most = ConsumerConfig(durable_name="most", ack_policy=AckPolicy.EXPLICIT, max_ack_pending=1)
    await broker.jetstream().add_consumer(STREAM, most)
    async with (
        pulling(broker, heartbeat_s=0.5) as idle,
        Pull(broker, STREAM, "most", heartbeat_s=0.5) as full,
    ):
        await asyncio.gather(*(idle.take(0.05), full.take(0.05)))
        await broker.jetstream().publish(SUBJECT, b"1")
        await broker.jetstream().publish(SUBJECT, b"2")
        assert (len(await take(idle, 2)), len(await take(full, 1))) == (2, 1)
        waited = await asyncio.gather(idle.take(2), full.take(2))

    assert waited == [[], []]


async def test_a_broker_that_says_nothing_is_told(broker: Client, nats_server: NatsServer) -> None:
    """Though the connection stays: of several servers the one that was asked may be lost, behind another."""
    async with pulling(broker, heartbeat_s=0.1) as pull:
        assert await pull.take(0.05) == []
        os.kill(nats_server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(PullBrokenError, match="silent"):
                await take(pull, 1)
        finally:
            os.kill(nats_server.pid, signal.SIGCONT)
        assert broker.is_connected


async def test_who_did_not_look_for_long_has_not_met_silence(broker: Client) -> None:
    """All that was asked for came: nobody had anything to say."""
    async with pulling(broker, batch=1, heartbeat_s=0.3) as pull:
        await broker.jetstream().publish(SUBJECT, b"1")
        assert len(await take(pull, 1)) == 1
        await asyncio.sleep(1)
        assert await pull.take(0.05) == []


async def test_a_message_asked_for_again_comes_again(broker: Client) -> None:
    """The same, counted as its second delivery."""
    async with pulling(broker) as pull:
        await broker.jetstream().publish(SUBJECT, b"again")
        (first,) = await take(pull, 1)
        await first.nak(delay=0.05)
        (second,) = await take(pull, 1)

    assert (second.data, second.metadata.num_delivered) == (b"again", 2)
    assert second.cut(2).data == b"ag"
