"""Watching one stream of a service, across restarts of that service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from grpc import aio

from chassis.context import RESUME_TOKEN_HEADER
from chassis.errors import ServiceUnavailableError
from chassis.telemetry.log import logger
from gateway.problems import is_outage

Open = Callable[[Message], "aio.UnaryStreamCall[Message, Any]"]


@dataclass(frozen=True)
class Patience:
    """How long to wait for a service, seconds.

    `attach`: until it lets a watcher in. `outage`: how long a broken stream is attached again and again before the
    watcher is told; `pause` between the first two tries, doubling.
    """

    attach: float = 5.0
    outage: float = 30.0
    pause: float = 0.1


class Watch:
    """One stream, resumed by its last token where it breaks off."""

    def __init__(self, open_stream: Open, request: Any, patience: Patience) -> None:  # noqa: ANN401
        self._open = open_stream
        self._request = request
        self._patience = patience
        self._call: aio.UnaryStreamCall[Message, Any] | None = None
        self._messages: AsyncIterator[Any] | None = None
        self._first: Any = None
        self.attached = False

    @property
    def resume_token(self) -> str:
        """The token that resumes after the last message given out; empty if the service told none."""
        return str(self._request.resume_token)

    async def attach(self) -> None:
        """Open the stream and wait until the service lets the watcher in.

        Raises AioRpcError with what the service says otherwise, or ServiceUnavailableError if it says nothing.
        """
        self.cancel()
        self._call = self._open(self._request)
        self._messages = aiter(self._call)
        try:
            async with asyncio.timeout(self._patience.attach):
                await self._let_in(self._call, self._messages)
        except TimeoutError as error:
            raise ServiceUnavailableError from error
        self.attached = True

    async def _let_in(
        self, call: "aio.UnaryStreamCall[Message, Any]", messages: AsyncIterator[Any]
    ) -> None:
        told = dict(await call.initial_metadata() or ())
        begun_at = told.get(RESUME_TOKEN_HEADER)
        if begun_at is None:
            # Refused, or a service that does not tell that a stream has begun: its first message does.
            self._first = await anext(messages, None)
        elif not self._request.resume_token:
            self._request.resume_token = begun_at

    async def messages(self) -> AsyncIterator[Any]:
        """Give the messages, one after the other, each once, until the watcher leaves.

        Raises AioRpcError or ServiceUnavailableError if the stream breaks and cannot be attached again in time.
        """
        while True:
            try:
                async for message in self._attached_messages():
                    self._request.resume_token = message.resume_token
                    yield message
            except aio.AioRpcError as error:
                if not is_outage(error):
                    raise
            self.attached = False
            await self._attach_again()

    async def _attached_messages(self) -> AsyncIterator[Any]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        if self._messages is not None:
            async for message in self._messages:
                yield message

    async def _attach_again(self) -> None:
        if not self.resume_token:  # it could only begin anew, with a gap
            raise ServiceUnavailableError
        logger().info("watch_broken")
        give_up_at = asyncio.get_running_loop().time() + self._patience.outage
        pause = self._patience.pause
        while not self.attached:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)
            try:
                await self.attach()
            except (aio.AioRpcError, ServiceUnavailableError) as error:
                late = asyncio.get_running_loop().time() > give_up_at
                if late or (isinstance(error, aio.AioRpcError) and not is_outage(error)):
                    raise
        logger().info("watch_attached_again")

    def cancel(self) -> None:
        """End the stream at the service too."""
        if self._call is not None:
            self._call.cancel()
