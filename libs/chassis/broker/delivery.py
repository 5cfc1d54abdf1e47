"""A message as a consumer of a stream delivers it.

It answers as nats-py's own message does, but holds what came over the wire and reads the rest when it is asked for:
hundreds of thousands a second may come, and few are asked for their headers.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, Self

from nats.aio.client import Client

_NS = 10**9
_NS_PER_MS = 10**6
_NS_PER_US = 10**3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`; brokers that say more put
# domain and account before the stream.
_SHORT = 9
_ADDED = 2
# Places of these words from the stream's name on.
_STREAM_SEQUENCE, _CONSUMER_SEQUENCE = 3, 4
_SHORT_STORED_AT = 7
_DIGITS_BEHIND_MS = 6
# What nats-py would let us send on: a sender may write anything.
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r\n]*)")


class Numbers(NamedTuple):
    """A message's number among those of its stream, and among those delivered by its consumer."""

    stream: int
    consumer: int


class Metadata(NamedTuple):
    """What the broker says of a message; it was stored `timestamp_ns` after 1970, the same at every delivery."""

    stream: str
    sequence: Numbers
    num_delivered: int
    num_pending: int
    timestamp_ns: int

    @property
    def timestamp(self) -> datetime:
        """When the broker stored it, cut to microseconds."""
        return _EPOCH + timedelta(microseconds=self.timestamp_ns // _NS_PER_US)


class Delivery:
    """One message. Subjects and headers that are not text have replacement characters."""

    __slots__ = ("_client", "data", "header_bytes", "reply", "subject_bytes")

    def __init__(
        self, client: Client, subject: bytes, reply: bytes, headers: bytes, data: bytes
    ) -> None:
        self._client = client
        self.subject_bytes = subject
        self.reply = reply
        self.header_bytes = headers
        self.data = data

    @property
    def subject(self) -> str:
        """Where it was published."""
        return self.subject_bytes.decode(errors="replace")

    @property
    def headers(self) -> dict[str, str]:
        """What its sender wrote above it and can be sent on."""
        return read_headers(self.header_bytes)

    def may_have(self, header: str) -> bool:
        """Tell whether it may have a header, without reading them: False is sure."""
        return bool(self.header_bytes) and header.encode() in self.header_bytes

    @property
    def sequence(self) -> int:
        """Its number in the stream; this and what follows are metadata too, read by themselves."""
        return int(self._read()[_STREAM_SEQUENCE])

    @property
    def consumer_sequence(self) -> int:
        """Its number among those delivered by its consumer."""
        return int(self._read()[_CONSUMER_SEQUENCE])

    @property
    def stored_ms(self) -> int:
        """When the broker stored it, milliseconds since 1970: the same at every delivery."""
        words = self.reply.split(b".")
        return int(words[_SHORT_STORED_AT + (len(words) != _SHORT) * _ADDED]) // _NS_PER_MS

    @property
    def metadata(self) -> Metadata:
        """What the broker says of it."""
        stream, _, *numbers = self._read()
        delivered, in_stream, by_consumer, stored_ns, pending = map(int, numbers)
        sequence = Numbers(in_stream, by_consumer)
        return Metadata(stream.decode(), sequence, delivered, pending, stored_ns)

    def _read(self) -> list[bytes]:
        """Cut what the broker says into words, from the stream's name on."""
        words = self.reply.split(b".")
        at = 0 if len(words) == _SHORT else _ADDED
        return words[at + 2 : at + 9]

    def cut(self, size: int) -> Self:
        """Give the same message without headers and with the beginning of its data only."""
        return type(self)(self._client, self.subject_bytes, self.reply, b"", self.data[:size])

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


class Told(Protocol):
    """What a broker says of a message, and when it stored it by that."""

    @property
    def reply(self) -> bytes:
        """As it came."""

    @property
    def stored_ms(self) -> int:
        """Milliseconds since 1970."""


def all_stored_ms(messages: Sequence[Told]) -> list[int]:
    """Tell when the broker stored each message, milliseconds since 1970, in one go where all say it at one place."""
    replies = [one.reply for one in messages]
    place = _place_of_ms(replies)
    if place is None:
        return [one.stored_ms for one in messages]
    return [int(reply[place]) for reply in replies]


def _place_of_ms(replies: Sequence[bytes]) -> slice | None:
    """Tell where all have the milliseconds: where their time is, the last word but one, without the digits behind."""
    if not replies:
        return None
    first, number, written = replies[0], len(replies), b"".join(replies)
    behind = first.rfind(b".")
    before = first.rfind(b".", 0, behind)
    is_one = (
        {len(first)} == set(map(len, replies))
        # Shorter forms do not exist, so none of them has more words either.
        and written.count(b".") == (_SHORT - 1) * number
        and written[before :: len(first)].count(b".") == number
        and written[behind :: len(first)].count(b".") == number
    )
    return slice(before + 1, behind - _DIGITS_BEHIND_MS) if is_one else None


def read_headers(written: bytes) -> dict[str, str]:
    """Read the lines `name: value` behind the first, which names the version; others say nothing."""
    lines = map(_HEADER.fullmatch, written.split(b"\r\n")[1:])
    return {line[1].decode(): line[2].decode(errors="ignore").strip() for line in lines if line}
