"""A receiver of HTTP on a real port: keeps what it gets, and answers as it was told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """One request: its headers, named in lower case, and its content."""

    headers: dict[str, str]
    content: bytes


@dataclass
class HttpSink:
    """What a receiver got; `statuses` are its next answers, and then it takes everything (204)."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def wait_for(self, number: int) -> list[Received]:
        """Wait until so many requests have come."""
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= number)
            return self.received[:number]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request of a connection, and close it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        content = await reader.readexactly(int(headers["content-length"]))
        status = self.statuses.pop(0) if self.statuses else 204
        location = f"location: {self.url}\r\n" if status == 302 else ""
        writer.write(
            f"HTTP/1.1 {status} Told\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()
        async with self._arrived:
            self.received.append(Received(headers, content))
            self._arrived.notify_all()


@asynccontextmanager
async def listening() -> AsyncGenerator[HttpSink]:
    """Run a receiver."""
    sink = HttpSink()
    server = await asyncio.start_server(sink.answer, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sink
