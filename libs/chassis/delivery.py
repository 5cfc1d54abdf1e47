"""A message as a consumer of a stream delivers it.

It answers as nats-py's own message does, but holds what came over the wire and reads the rest when it is asked for:
hundreds of thousands a second may come, and few are asked for their headers.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from nats.aio.client import Client

_NS = 10**9
_NS_PER_MS = 10**6
_NS_PER_US = 10**3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`; brokers that say more put
# domain and account before the stream.
_SHORT = 9
_ADDED = 2
# What nats-py would let us send on: a sender may write anything.
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r\n]*)")


class Sequence(NamedTuple):
    """A message's number among those of its stream, and among those delivered by its consumer."""

    stream: int
    consumer: int


class Metadata(NamedTuple):
    """What the broker says of a message; it was stored `timestamp_ns` after 1970, the same at every delivery."""

    stream: str
    sequence: Sequence
    num_delivered: int
    num_pending: int
    timestamp_ns: int

    @property
    def timestamp(self) -> datetime:
        """When the broker stored it, cut to microseconds."""
        return _EPOCH + timedelta(microseconds=self.timestamp_ns // _NS_PER_US)

    @property
    def timestamp_ms(self) -> int:
        """When the broker stored it, milliseconds since 1970."""
        return self.timestamp_ns // _NS_PER_MS


class Delivery:
    """One message. Subjects and headers that are not text have replacement characters."""

    __slots__ = ("_client", "_headers", "_metadata", "_subject", "data", "reply")

    def __init__(
        self, client: Client, subject: bytes, reply: bytes, headers: bytes, data: bytes
    ) -> None:
        self._client = client
        self._subject = subject
        self.reply = reply
        self._headers = headers
        self.data = data
        self._metadata: Metadata | None = None

    @property
    def subject(self) -> str:
        """Where it was published."""
        return self._subject.decode(errors="replace")

    @property
    def headers(self) -> dict[str, str]:
        """What its sender wrote above it and can be sent on."""
        return read_headers(self._headers)

    def may_have(self, header: str) -> bool:
        """Tell whether it may have a header, without reading them: False is sure."""
        return header.encode() in self._headers

    @property
    def metadata(self) -> Metadata:
        """What the broker says of it."""
        if self._metadata is None:
            self._metadata = _read_metadata(self.reply)
        return self._metadata

    def cut(self, size: int) -> Self:
        """Give the same message without headers and with the beginning of its data only."""
        return type(self)(self._client, self._subject, self.reply, b"", self.data[:size])

    async def ack(self) -> None:
        """Say that it is done."""
        await self._client.publish(self.reply.decode())

    async def nak(self, delay: float) -> None:
        """Have it delivered again, `delay` seconds from now."""
        wish = json.dumps({"delay": int(delay * _NS)}).encode()
        await self._client.publish(self.reply.decode(), b"-NAK " + wish)

    async def in_progress(self) -> None:
        """Say that it is being worked on, so that nobody else gets it."""
        await self._client.publish(self.reply.decode(), b"+WPI")

    async def term(self) -> None:
        """Have it never delivered again."""
        await self._client.publish(self.reply.decode(), b"+TERM")


def read_headers(written: bytes) -> dict[str, str]:
    """Read the lines `name: value` behind the first, which names the version; others say nothing."""
    lines = map(_HEADER.fullmatch, written.split(b"\r\n")[1:])
    return {line[1].decode(): line[2].decode(errors="ignore").strip() for line in lines if line}


def _read_metadata(reply: bytes) -> Metadata:
    tokens = reply.decode().split(".")
    at = 0 if len(tokens) == _SHORT else _ADDED
    delivered, stream, consumer, moment, pending = map(int, tokens[at + 4 : at + 9])
    return Metadata(tokens[at + 2], Sequence(stream, consumer), delivered, pending, moment)
