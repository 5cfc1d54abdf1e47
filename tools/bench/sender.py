"""Sending to a stream as fast as it stores, or at a pace, and counting what it has stored."""

import asyncio
import time
from collections.abc import Iterable, Sequence

from nats.aio.client import Client

from bench.workload import Message
from chassis.broker import frames
from chassis.broker.frames import Frame

# More unacknowledged messages than this only wait in the broker (SPEED: a window of 200 fills its disk).
_WINDOW = 200
_TICK_S = 0.005
_PATIENCE_S = 60.0


class Sender:
    """Sends messages over one connection; the stream's acknowledgements are counted, not matched."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._room = asyncio.Event()
        self.sent = 0
        self.stored = 0
        self.refused = 0

    async def open(self) -> None:
        """Begin to hear acknowledgements."""
        subscription = await self._client.subscribe(self._inbox)
        frames.divert(self._client, subscription, self._on_answers)

    async def send_all(self, messages: Iterable[Message]) -> None:
        """Send as fast as the stream stores, and see everything stored."""
        for message in messages:
            await self._await_answers(_WINDOW)
            await self._send(message)
        await self.settle()

    async def send_paced(self, messages: Iterable[Message], per_second: float) -> None:
        """Send at a pace, or slower if the stream stores no faster, and see everything stored."""
        begin = time.perf_counter()
        for number, message in enumerate(messages):
            if (ahead := begin + number / per_second - time.perf_counter()) > 0:
                await asyncio.sleep(max(ahead, _TICK_S))
            await self._await_answers(_WINDOW)
            await self._send(message)
        await self.settle()

    async def settle(self) -> None:
        """See everything stored that was sent."""
        await self._await_answers(1)

    async def _send(self, message: Message) -> None:
        subject, payload = message
        await self._client.publish(subject, payload, reply=self._inbox)
        self.sent += 1

    async def _await_answers(self, fewer_than: int) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while self.sent - self.stored - self.refused >= fewer_than:
                self._room.clear()
                await self._room.wait()

    def _on_answers(self, answers: Sequence[Frame]) -> None:
        refused = sum(b'"error"' in data or not data for _, _, _, data in answers)
        self.refused += refused
        self.stored += len(answers) - refused
        self._room.set()
