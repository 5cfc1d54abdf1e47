"""Hearing at once that a test or disablement was set, ended by a person, or ended by its time.

Not reliably: what is missed while the broker is away is learned of with the next look at the register.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from fire_safety.wire.modes import CHANGE_SUBJECTS

# Many that end together are one change.
_GATHER_S = 0.05


class ModeChanges:
    """Listens to the events of modes within a block."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._heard = asyncio.Event()
        self._subscriptions: list[Subscription] = []

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        try:
            for subject in CHANGE_SUBJECTS:
                self._subscriptions.append(await self._client.subscribe(subject, cb=self._hear))
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no longer."""
        await self._end()

    async def _end(self) -> None:
        """End the subscriptions; a connection that is gone has forgotten of itself."""
        while self._subscriptions:
            one = self._subscriptions.pop()
            with suppress(NatsError, OSError):
                await one.unsubscribe()

    async def within(self, wait_s: float) -> bool:
        """Wait for a change, but no longer; tell whether there was one since the last that was told."""
        try:
            async with asyncio.timeout(wait_s):
                await self._heard.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(_GATHER_S)
        self._heard.clear()
        return True

    async def _hear(self, _: Msg) -> None:
        self._heard.set()
