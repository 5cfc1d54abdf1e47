"""The HTTP server under all routes: a port of its own, and connections that can hold neither memory nor places."""

import asyncio
import socket
from typing import Any

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.errors import CannotListenError
from chassis.telemetry.admin import AdminServer

MAX_HEAD = 2**16
# Open at once; who comes then is told to come again (503).
MAX_CONNECTIONS = 1_000
# From the first byte of a request, or from the connection's beginning, to the end of the request's content.
REQUEST_DEADLINE_S = 10.0
# Whoever takes in nothing of what is sent for so long is gone, or reads no more; browsers come back and resume. The
# system itself asks the first for a quarter of an hour, and the second for ever.
UNREAD_S = 60.0
_GRACE_S = 5
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class GatewayServer(AdminServer):
    """An HTTP server that has its port before it serves: port 0 is known, a taken one raises CannotListenError."""

    def __init__(self, app: ASGIApp, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host.strip("[]"), int(port)), family=family)
        except OSError as error:
            raise CannotListenError(listen) from error
        # Each connection has it from the socket that it came by.
        unread_ms = round(UNREAD_S * 1000)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread_ms)
        self.port = int(self._socket.getsockname()[1])
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on the socket taken before."""
        await super().serve(sockets=[*(sockets or ()), self._socket])


class BoundedProtocol(HttpToolsProtocol):
    """A connection that ends when a request's head does not, or not in time.

    The parser keeps an unfinished header, trailer or chunk extension in memory, however long, and before anybody has
    signed in. So what arrives without completing anything is counted, and how long a request takes to arrive is
    limited. How long its answer takes is not: a stream of events has no end. A head that arrives whole is judged by its
    own length, and must name one host (RFC 9112, 3.2): whoever stands in front may have looked at the other.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **named)
        self._unfinished = 0
        self._head = 0
        self._complete = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin, and wait for a request."""
        super().connection_made(transport)
        self._limit_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._end_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, and end the connection if nothing comes of it."""
        if self.transport.is_closing():
            return
        self._unfinished += len(data)
        self._complete = False
        super().data_received(data)
        if self._unfinished > MAX_HEAD:
            self._refuse(_TOO_LARGE)
        elif not self._complete and not self.transport.is_closing():
            self._limit_wait()

    def on_message_begin(self) -> None:
        """Begin a request, perhaps behind another in what arrived."""
        self._complete = False
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._head += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer behind a body."""
        self._head += len(name) + len(value) + len(b": \r\n")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request; its head is complete. What is raised here ends the connection with 400."""
        self._unfinished = 0
        if self._head > MAX_HEAD:
            self._refuse(_TOO_LARGE)
            raise httptools.HttpParserError("the head is too long")
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise httptools.HttpParserError("one host is needed")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; its reader bounds it."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request's content."""
        self._unfinished = 0
        self._complete = True
        self._end_wait()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """End the connection of what is no request, unless that was answered already."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _limit_wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_DEADLINE_S, self._refuse, _TOO_SLOW)

    def _end_wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
