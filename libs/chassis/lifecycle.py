"""The life of a service process: start, work, stop in order when asked to, or when a part of it dies."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, NoReturn, Self

import grpc
import uvicorn
import uvloop
from grpc import aio

from chassis.errors import CannotListenError, DatabaseUnavailableError
from chassis.telemetry import tracing
from chassis.telemetry.log import logger

_GRACE_S = 5.0
_ASK_AGAIN_S = 0.2


class Lifecycle:
    """Holds what a service has started and stops it in reverse order.

    A background task that ends by itself has failed: the whole process then stops with an error, so that its
    supervisor starts a sound one, instead of going on with a dead part.
    """

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._ending = False

    async def __aenter__(self) -> Self:
        """Begin; nothing runs yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything, last started first."""
        self._ending = True
        await self._stack.__aexit__(kind, error, trace)

    def at_stop(self, action: Callable[[], Awaitable[object]]) -> None:
        """Run `action` when the service stops."""
        self._stack.push_async_callback(_awaited, action)

    def background(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until the service stops."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._on_ended)
        self._stack.push_async_callback(_cancelled, task)

    async def serve_grpc(
        self,
        server: aio.Server,
        listen: str,
        credentials: grpc.ServerCredentials | None = None,
    ) -> int:
        """Start a gRPC server and tell its port; at stop, calls under way have a few seconds to end.

        With credentials it speaks TLS and nothing else. Raises CannotListenError.
        """
        try:
            port = (
                server.add_secure_port(listen, credentials)
                if credentials
                else server.add_insecure_port(listen)
            )
        except RuntimeError as error:
            raise CannotListenError(listen) from error
        await server.start()
        self._stack.push_async_callback(server.stop, _GRACE_S)
        return port

    def serve_http(self, server: uvicorn.Server) -> None:
        """Serve HTTP until the service stops."""
        task = asyncio.create_task(server.serve(), name="http")
        task.add_done_callback(self._on_ended)

        async def stop() -> None:
            server.should_exit = True
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)

    def trace(self, service: str, endpoint: str) -> None:
        """Trace until the service stops, if it was told where to."""
        if endpoint:
            tracing.start(service, tracing.export_to(endpoint))
            self.at_stop(tracing.stop)

    async def until_stopped(self) -> None:
        """Wait for a signal that asks the process to stop, or raise what killed a background task."""
        loop = asyncio.get_running_loop()
        for asked in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(asked, self._stopping.set)
        _spare_the_collector()
        logger().info("serving")
        await self._stopping.wait()
        logger().info("stopping")
        if self._failure:
            raise self._failure

    def fail(self, error: BaseException) -> None:
        """Stop the process with an error, unless it is stopping anyway."""
        if self._ending or self._stopping.is_set():
            return
        self._failure = error
        self._stopping.set()

    def _on_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._stopping.is_set() or self._ending:
            return
        self._failure = task.exception() or RuntimeError(f"{task.get_name()} ended")
        logger().error("background_ended", task=task.get_name(), exc_info=self._failure)
        self._stopping.set()


def _spare_the_collector() -> None:
    """Leave what start-up made out of every later collection: the slowest answers are the collector's.

    The young are looked at often enough that it takes a millisecond or two, and so seldom that most of what came in one
    piece, as messages do, is gone by then; the others as seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 100, 100)


async def _awaited(action: Callable[[], Awaitable[object]]) -> None:
    await action()


async def _cancelled(task: asyncio.Task[None]) -> None:
    # `asyncio.wait_for`, before Python 3.12, loses a cancellation that arrives together with its result, and
    # libraries of ours use it: one that goes on is asked again.
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_ASK_AGAIN_S)
    await asyncio.gather(task, return_exceptions=True)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a service's main coroutine on uvloop; in one line, with 1, if it cannot have its port."""
    try:
        uvloop.run(main)
    except CannotListenError as error:
        raise SystemExit(str(error)) from None


def run_command(main: Coroutine[Any, Any, int | None]) -> NoReturn:
    """Run a command and end the process with the code that it gives; in one line, with 1, if the database is away."""
    try:
        code = asyncio.run(main)
    except DatabaseUnavailableError as error:
        raise SystemExit(error.said) from None
    raise SystemExit(code)
