"""Hearing devices beside the stream: what they publish comes here before the broker has written it to the disk.

Under load the disk is what a message waits for. Nothing is kept here and nothing acknowledged: what is missed, or is
more than can be listened to, comes with the stream.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Self

from nats.aio.client import Client

from chassis.broker import frames
from chassis.broker.frames import Frame
from chassis.broker.jetstream import device_subjects
from chassis.clock import Clock
from fire_safety.consumers.received import Overheard, slices
from fire_safety.decoders.origin import kept_under

# So many wait to be listened to, about; of more the oldest are left to the stream.
_MANY = 2_000
# Bytes judged before others on the event loop have their turn: some hundreds of readings.
_SLICE_BYTES = 16_384
_DEVICES = 65_536


class Listening:
    """What the devices of a ward say, over a connection of its own: on another it would wait behind what is pulled."""

    def __init__(self, client: Client, ward_code: str, clock: Clock) -> None:
        self._client = client
        self._subject = device_subjects(ward_code)
        self._clock = clock
        self._heard: list[Overheard] = []
        self._dropped = False
        self._reconnects = 0
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._heard, self._reconnects = [], self._client.stats["reconnects"]
        self._subscription = await self._client.subscribe(self._subject)
        frames.divert(self._client, self._subscription, self._on_messages)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening; a connection that is coming back would subscribe anew otherwise."""
        frames.end_diversion(self._client, self._subscription)
        if not self._client.is_closed:
            await self._subscription.unsubscribe()

    async def keep(
        self, overhear: Callable[[Sequence[Overheard]], None], miss: Callable[[], None]
    ) -> None:
        """Give what is heard to `overhear` until cancelled, piece by piece, and say by `miss` when some is missing."""
        while True:
            await self._news.wait()
            self._news.clear()
            heard, self._heard = self._heard, []
            if self._has_missed():
                miss()
            for some in slices(heard, _SLICE_BYTES):
                overhear(some)
                await asyncio.sleep(0)

    def _has_missed(self) -> bool:
        """Tell whether something was left to the stream since the time before."""
        dropped, reconnects = self._dropped, self._client.stats["reconnects"]
        missed = dropped or reconnects != self._reconnects
        self._dropped, self._reconnects = False, reconnects
        return missed

    def _on_messages(self, messages: Sequence[Frame]) -> None:
        heard = self._heard
        if len(heard) >= _MANY:
            del heard[: _MANY // 2]
            self._dropped = True
        now_ms = round(self._clock().timestamp() * 1000)
        heard += [
            Overheard(_kept_under(subject), data, now_ms) for subject, _, _, data in messages
        ]
        self._news.set()


@lru_cache(_DEVICES)
def _kept_under(subject: bytes) -> bytes:
    return kept_under(subject.decode(errors="replace")).encode()
