"""The answer to a request for events: opened when the service lets the watcher in, ended by any of four causes."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from google.protobuf.message import Message
from grpc.aio import AioRpcError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis.errors import DomainError, ServiceUnavailableError
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from gateway import problems
from gateway.events import frames
from gateway.events.watch import Open, Patience, Watch
from gateway.schemas import proto_json

HEARTBEAT_S = 15.0
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class EventStreams:
    """All open event streams of this process."""

    def __init__(self, heartbeat_s: float = HEARTBEAT_S, patience: Patience | None = None) -> None:
        self._heartbeat_s = heartbeat_s
        self._patience = patience or Patience()
        self._closing = asyncio.Event()

    async def close(self) -> None:
        """End all streams at once and open no more; browsers reconnect and resume."""
        self._closing.set()

    def answer(self, open_stream: Open) -> Callable[[Request, Message], Awaitable[Response]]:
        """Make the answer of a streaming method: attached before it begins, so that a refusal keeps its status."""

        async def answer(request: Request, message: Message) -> Response:
            if self._closing.is_set():
                raise ServiceUnavailableError
            watch = Watch(open_stream, resumed(message, request), self._patience)
            try:
                await watch.attach()
            except BaseException:
                watch.cancel()
                raise
            return EventStream(watch, request, self._heartbeat_s, self._closing)

        return answer


def resumed(message: Any, request: Request) -> Message:  # noqa: ANN401 - any request with a resume token
    """Take over the token of a browser that reconnects; it is newer than the one in its address."""
    last = request.headers.get("last-event-id", "")
    if last:
        message.resume_token = last
    watched: Message = message
    return watched


class EventStream(Response):
    """One open stream: ended by its watcher's leaving, by an error, or by this process's stop."""

    def __init__(
        self, watch: Watch, request: Request, heartbeat_s: float, closing: asyncio.Event
    ) -> None:
        super().__init__(headers=_HEADERS, media_type="text/event-stream")
        # Unlike other answers it has no length.
        del self.headers["content-length"]
        self._watch = watch
        self._request = request
        self._heartbeat_s = heartbeat_s
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until one of the causes to end."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        try:
            with metrics.EVENT_STREAMS.labels(scope["route"].path).track_inprogress():
                await _until_first_ends(
                    self._send_events(send),
                    self._send_heartbeats(send),
                    _left(receive),
                    self._closed(),
                )
        finally:
            self._watch.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, send: Send) -> None:
        await _write(send, frames.opening(self._watch.resume_token))
        try:
            async for message in self._watch.messages():
                data = proto_json.write(message)
                await _write(send, frames.event(message.event, data, message.resume_token))
        except AioRpcError as error:
            await self._send_error(send, problems.of_rpc_error(error))
        except DomainError as error:
            await self._send_error(send, problems.of_domain_error(error))

    async def _send_error(self, send: Send, problem: problems.Problem) -> None:
        await _write(send, frames.event("error", problems.write(problem, self._request)))

    async def _send_heartbeats(self, send: Send) -> None:
        """Send comments while the service is attached: silence means that nobody is watching for the watcher."""
        while True:
            await asyncio.sleep(self._heartbeat_s)
            if self._watch.attached:
                await _write(send, frames.HEARTBEAT)

    async def _closed(self) -> None:
        await self._closing.wait()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, frame: bytes) -> None:
    await send({"type": "http.response.body", "body": frame, "more_body": True})


async def _until_first_ends(*works: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        if error := task.exception():
            logger().error("event_stream_failed", exc_info=error)
