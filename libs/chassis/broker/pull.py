"""Taking messages of one consumer as soon as they come.

nats-py's own `fetch` makes a task and a timer per message, holds a lone message back until its batch is full or its
time is up, and sees a lost connection only when it times out. Here pull requests overlap, messages come straight from
the wire (chassis/broker/frames.py) and are given at once, and a reconnection is noticed at once.

A request that was taken is answered by the one server that leads its consumer. Where there are several and that one
is lost, the connection to another stays, and nobody says that no answer will come: so who answers gives a sign of
life while there is nothing else to say.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Self

from nats.aio.client import Client

from chassis.broker import frames
from chassis.broker.delivery import Delivery, read_headers
from chassis.broker.frames import Frame

# Messages and bytes under way at most twice: what the memory of a flood is bounded by.
BATCH = 2_000
_MAX_BYTES = 16 * 2**20
_EXPIRES_S = 30
# A server that has nothing to deliver says so each time; one that was not heard for so many of them is lost.
_HEARTBEAT_S = 1.0
_MISSED = 3
_NS = 10**9
# A request that was answered in full or in part and is over; every other status means that something is wrong.
_REQUEST_OVER = "Nats-Pending-Messages"
_VERSION = "NATS/1.0 "
_IDLE = "100 "


class PullBrokenError(Exception):
    """The connection or the consumer is not what it was: bind anew."""


class Pull:
    """The messages of one pull consumer, over one connection, until something breaks."""

    def __init__(
        self,
        client: Client,
        stream: str,
        consumer: str,
        batch: int = BATCH,
        heartbeat_s: float = _HEARTBEAT_S,
    ) -> None:
        self._client = client
        self._heartbeat_s = heartbeat_s
        self._request = json.dumps({
            "batch": batch,
            "max_bytes": _MAX_BYTES,
            "expires": _EXPIRES_S * _NS,
            "idle_heartbeat": int(heartbeat_s * _NS),
        }).encode()  # fmt: skip
        self._batch = batch
        self._api = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._reconnects = client.stats["reconnects"]
        self._come: list[Delivery] = []
        self._news = asyncio.Event()
        self._asked = 0
        self._now = asyncio.get_running_loop().time
        # When the consumer was heard or asked last, by the event loop's clock.
        self._heard_s = self._now()
        self._broken = ""

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._subscription = await self._client.subscribe(self._inbox)
        frames.divert(self._client, self._subscription, self._on_messages)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening; the broker forgets the requests when nobody listens."""
        frames.end_diversion(self._client, self._subscription)
        if self._client.is_connected:
            await self._subscription.unsubscribe()

    @property
    def waiting(self) -> int:
        """Tell how many messages have come and are not taken."""
        return len(self._come)

    async def take(self, wait_s: float) -> list[Delivery]:
        """Give what has come, oldest first, waiting for the first at most so long; empty if nothing came.

        Raises PullBrokenError if messages may be missing.
        """
        await self._ask()
        if not self._come:
            self._news.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                pass
        come, self._come = self._come, []
        if not come and self._client.stats["reconnects"] != self._reconnects:
            raise PullBrokenError("reconnected")
        if not come and self._broken:
            raise PullBrokenError(self._broken)
        if not come and self._now() - self._heard_s > _MISSED * self._heartbeat_s:
            raise PullBrokenError("silent")
        return come

    async def acknowledge(self, messages: Sequence[Delivery]) -> None:
        """Say that messages are done, all at once."""
        await frames.acknowledge(self._client, [message.reply for message in messages])

    async def _ask(self) -> None:
        if self._asked > self._batch // 2:
            return
        self._asked += self._batch
        self._heard_s = self._now()
        await self._client.publish(self._api, self._request, reply=self._inbox)

    def _on_messages(self, messages: Sequence[Frame]) -> None:
        client, come = self._client, self._come
        self._heard_s = self._now()
        before = len(come)
        come += [
            Delivery(client, subject, reply, headers, data)
            for subject, reply, headers, data in messages
            if reply
        ]
        self._asked -= len(come) - before
        if come:
            self._news.set()
        for headers in [headers for _, reply, headers, _ in messages if not reply]:
            self._on_status(headers)

    def _on_status(self, written: bytes) -> None:
        first, _, _ = written.decode(errors="replace").partition("\r\n")
        status = first.removeprefix(_VERSION)
        if status.startswith(_IDLE):
            return
        over = read_headers(written).get(_REQUEST_OVER)
        if over is None:
            self._broken = status or "no status"
        else:
            self._asked -= int(over)
        self._news.set()
