"""Foreign services for the gateway's tests: real servers that answer what they were told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from grpc import aio
from grpc_health.v1 import health_pb2

from chassis import context
from chassis.clock import utc_now
from chassis.errors import ResumeTokenExpiredError
from chassis.rpc.grpc_server import AccessGuard, grpc_server
from chassis.rpc.tokens import TokenVerifier
from chassis.telemetry.health import Readiness

Behaviour = Callable[[Any], Awaitable[Message]]


class Watched(Protocol):
    """Whatever a stream can be answered from."""

    def watch(self, request: Any) -> AsyncIterator[Message]:
        """Answer a watcher."""


class MemoryLog:
    """An access log that keeps its records in a list."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    async def record(self, *entries: Any) -> None:
        """Keep records."""
        self.records += entries


class Events:
    """What a stream tells, each once and in order, from any position that is still kept."""

    def __init__(self, response: type[Message]) -> None:
        self._response = response
        self._told: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self.first_kept = 0
        self.watching = 0
        self.failure: Exception | None = None
        self.mute = False  # lets watchers in without telling them

    async def tell(self, **fields: Any) -> None:
        """Add one event."""
        async with self._changed:
            self._told.append(fields)
            self._changed.notify_all()

    async def fail(self, error: Exception) -> None:
        """End all streams with an error."""
        async with self._changed:
            self.failure = error
            self._changed.notify_all()

    async def watched_by(self, number: int) -> None:
        """Wait until so many watchers are there."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: self.watching == number)

    async def watch(self, request: Any) -> AsyncIterator[Message]:
        """Give events after the request's token, or from now on."""
        position = int(request.resume_token) if request.resume_token else len(self._told)
        if position < self.first_kept:
            raise ResumeTokenExpiredError
        await self._count(1)
        try:
            if not self.mute:
                await context.begin_stream(str(position))
            while True:
                fields = await self._after(position)
                position += 1
                yield self._response(resume_token=str(position), **fields)
        finally:
            await asyncio.shield(self._count(-1))

    async def _after(self, position: int) -> dict[str, Any]:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._told) > position or self.failure)
        if self.failure:
            raise self.failure
        return self._told[position]

    async def _count(self, change: int) -> None:
        async with self._changed:
            self.watching += change
            self._changed.notify_all()


class ScriptedService:
    """One service on a real server with real access checks.

    `answers` holds by method name a message, an error to raise, or a coroutine function of the request; without one
    the empty response is given. `asked` is what arrived, `seen` the request id and account of each call.
    """

    def __init__(self, descriptor: ServiceDescriptor, verifier: TokenVerifier) -> None:
        self._descriptor = descriptor
        self._verifier = verifier
        self._server: aio.Server | None = None
        self.port = 0
        self.log = MemoryLog()
        self.readiness = Readiness({})
        self.answers: dict[str, Message | Exception | Behaviour] = {}
        self.asked: list[Any] = []
        self.seen: list[tuple[str, str]] = []
        self.events: dict[str, Watched] = {
            method.name: Events(message_factory.GetMessageClass(method.output_type))
            for method in descriptor.methods
            if method.server_streaming
        }

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    async def start(self, *, serving: bool = True) -> None:
        """Listen; after a stop on the same port again."""
        guard = AccessGuard(self._verifier, self.log, utc_now)  # type: ignore[arg-type]
        server = grpc_server(guard, self.readiness, [self._descriptor.full_name])
        server.add_generic_rpc_handlers((self._handlers(),))
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        await server.start()
        status = health_pb2.HealthCheckResponse
        await self.readiness.health.set("", status.SERVING if serving else status.NOT_SERVING)
        self._server = server

    async def stop(self) -> None:
        """Go away at once."""
        if self._server:
            await self._server.stop(0)

    def silence(self, method: str) -> asyncio.Event:
        """Keep a method's callers waiting until the event is set."""
        released = asyncio.Event()

        async def wait(_: Any) -> Message:
            await released.wait()
            raise ResumeTokenExpiredError  # nobody hears it

        self.answers[method] = wait
        return released

    def _handlers(self) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            self._descriptor.full_name,
            {method.name: self._handler(method) for method in self._descriptor.methods},
        )

    def _handler(self, method: Any) -> grpc.RpcMethodHandler:
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        codecs = (request.FromString, response.SerializeToString)

        async def unary(asked: Message, _: Any) -> Message:
            self._note(asked)
            answer = self.answers.get(method.name, response())
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, Message) else await answer(asked)

        async def stream(asked: Message, _: Any) -> AsyncIterator[Message]:
            self._note(asked)
            async for message in self.events[method.name].watch(asked):
                yield message

        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(stream, *codecs)
        return grpc.unary_unary_rpc_method_handler(unary, *codecs)

    def _note(self, asked: Message) -> None:
        self.asked.append(asked)
        self.seen.append((context.request_id.get(), context.current_account()))
