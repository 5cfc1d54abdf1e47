"""The least that a NATS client is: it signs in, and hears when it is thrown out.

nats-py leaves sockets and tasks behind when it is refused or thrown out, which these tests do all the time.
"""

import asyncio
import json
from contextlib import suppress


class PlainClient:
    """One connection; `let_in` tells whether it was."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.let_in = False

    @classmethod
    async def connect(cls, port: int, name: str, secret: str) -> "PlainClient":
        """Sign in, or be refused."""
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        options = json.dumps({"user": name, "pass": secret, "verbose": False, "protocol": 1})
        with suppress(OSError):
            client._writer.write(f"CONNECT {options}\r\nPING\r\n".encode())
            while line := await client._reader.readline():
                if line == b"PONG\r\n":
                    client.let_in = True
                    return client
        await client.close()
        return client

    async def say(self, protocol: str, payload: bytes = b"") -> list[str]:
        """Send a line of NATS, with a payload if there is one; tell what the broker answers, but news of itself.

        Nothing more comes of a connection that it ends.
        """
        heard: list[str] = []
        with suppress(OSError):
            self._writer.write(f"{protocol}\r\n".encode())
            self._writer.write(payload + b"\r\n" if payload else b"")
            self._writer.write(b"PING\r\n")
            while line := await asyncio.wait_for(self._next_line(), 30):
                if line == b"PONG\r\n":
                    break
                if not line.startswith(b"INFO"):
                    heard.append(line.decode().strip())
        return heard

    async def last_word(self, protocol: str) -> list[str]:
        """Send a line of NATS for which the broker ends the connection; tell what it said before.

        Nothing follows the line: a connection closed with bytes unread is reset, which takes with it what was said.
        """
        self._writer.write(f"{protocol}\r\n".encode())
        said = await asyncio.wait_for(self._reader.read(), 30)
        return [
            line for line in said.decode().splitlines() if not line.startswith(("INFO", "PING"))
        ]

    async def is_in(self) -> bool:
        """Tell whether the broker still answers."""
        try:
            self._writer.write(b"PING\r\n")
            while line := await asyncio.wait_for(self._next_line(), 30):
                if line == b"PONG\r\n":
                    return True
        except OSError:
            pass
        return False

    async def thrown_out(self) -> None:
        """Wait until the broker ends the connection."""
        with suppress(OSError):
            while await self._next_line():
                pass
        await self.close()

    async def _next_line(self) -> bytes:
        """Read what the broker says next, but whether anybody is there, which it asks a moment after the sign-in."""
        while (line := await self._reader.readline()) == b"PING\r\n":
            self._writer.write(b"PONG\r\n")
        return line

    async def close(self) -> None:
        """Leave."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
