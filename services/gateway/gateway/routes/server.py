"""The HTTP server under all routes: a port of its own, and connections that cannot fill the memory."""

import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.admin import AdminServer

MAX_HEAD = 2**16
_GRACE_S = 5
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class GatewayServer(AdminServer):
    """An HTTP server that has its port before it serves: a taken one fails at once, port 0 is known."""

    def __init__(self, app: ASGIApp, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host.strip("[]"), int(port)), family=family)
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
                timeout_graceful_shutdown=_GRACE_S,
            )
        )

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on the socket taken before."""
        await super().serve(sockets=[*(sockets or ()), self._socket])


class BoundedProtocol(HttpToolsProtocol):
    """A connection that ends when a request's head does not.

    The parser keeps an unfinished header, trailer or chunk extension in memory, however long, and before anybody has
    signed in. So what arrives without completing anything is counted.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **named)
        self._unfinished = 0

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, and end the connection if nothing comes of it."""
        if self.transport.is_closing():
            return
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Begin a request; its head is complete."""
        self._unfinished = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; its reader bounds it."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request's content."""
        self._unfinished = 0
        super().on_message_complete()
