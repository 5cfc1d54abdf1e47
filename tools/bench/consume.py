"""Small messages out of a stream: the platform's Pull beside nats-py's fetch, same server, same messages."""

import asyncio
import time
from dataclasses import dataclass

from nats.js.api import AckPolicy, ConsumerConfig

from bench.platform import Platform
from bench.sender import Sender
from chassis.broker.pull import Pull

_STREAM, _SUBJECT = "BENCH_SMALL", "bench.small"
_PAYLOAD = bytes(100)
_FETCH = 256


@dataclass(frozen=True)
class Consumed:
    """Messages a second."""

    pull: float
    fetch: float


class SmallMessages:
    """A stream of messages of 100 bytes, read again and again."""

    def __init__(self, platform: Platform, count: int) -> None:
        self._platform = platform
        self._stream = platform.jetstream
        self._count = count
        self._consumers = 0

    async def fill(self, sender: Sender) -> None:
        """Make the stream."""
        await self._stream.add_stream(name=_STREAM, subjects=[_SUBJECT])
        await sender.send_all((_SUBJECT, _PAYLOAD) for _ in range(self._count))

    async def consume(self) -> Consumed:
        """Read it in both ways; each acknowledges all with the last message of what it took."""
        return Consumed(await self._by_pull(), await self._by_fetch())

    async def _by_pull(self) -> float:
        name = await self._consumer()
        async with asyncio.timeout(120), Pull(self._platform.broker, _STREAM, name) as pull:
            left, begin = self._count, time.perf_counter()
            while left:
                messages = await pull.take(1)
                if messages:
                    await messages[-1].ack()
                left -= len(messages)
            return self._count / (time.perf_counter() - begin)

    async def _by_fetch(self) -> float:
        subscription = await self._stream.pull_subscribe_bind(await self._consumer(), _STREAM)
        left, begin = self._count, time.perf_counter()
        while left:
            messages = await subscription.fetch(min(_FETCH, left), timeout=30)
            await messages[-1].ack()
            left -= len(messages)
        seconds = time.perf_counter() - begin
        await subscription.unsubscribe()
        return self._count / seconds

    async def _consumer(self) -> str:
        self._consumers += 1
        config = ConsumerConfig(
            durable_name=f"small-{self._consumers}",
            ack_policy=AckPolicy.ALL,
            max_ack_pending=-1,
        )
        return (await self._stream.add_consumer(_STREAM, config)).name
