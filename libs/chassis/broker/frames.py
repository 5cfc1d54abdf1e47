"""What the broker sends, cut into messages, with a path of their own for those that are pulled.

nats-py spends some 15 µs on a message: regular expressions, a buffer from whose front each message is cut off,
headers, a queue and a task. Pulled messages come by the hundred, so they are found here with `bytes.find` and given
away as they are (docs/bench-ingest.md has the figures). All other messages take nats-py's way from where they have
been cut out; so its expressions, which some subjects that the broker lets through do not match, judge none.

This is the one place that reaches into nats-py, whose version is pinned.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import ConnectionReconnectingError, ProtocolError
from nats.protocol.parser import Parser

# Subject, reply subject, headers and payload of one message, all as they came.
Frame = tuple[bytes, bytes, bytes, bytes]
# Takes messages of its subscription that came one behind the other: a step for each would take a fifth of the time.
Sink = Callable[[Sequence[Frame]], None]

_LINE_END = b"\r\n"
_END = len(_LINE_END)
_MESSAGE, _MESSAGE_WITH_HEADERS = ord("M"), ord("H")
# Before a pulled message without headers, which always has a reply subject, and between two of them.
_PLAIN = b"MSG "
_NEXT_PLAIN = _LINE_END + _PLAIN
_BETWEEN = len(_NEXT_PLAIN)
# Pieces cut at once: a payload may be nothing but beginnings of messages.
_AT_ONCE = 2_000
# MSG <subject> <subscription> [<reply>] <size>; HMSG has the headers' size before the whole one.
_WORDS_WITH_REPLY = {_MESSAGE: 5, _MESSAGE_WITH_HEADERS: 6}


class FrameParser(Parser):
    """Reads the broker's side of a connection."""

    def __init__(self, client: Client) -> None:
        self.sinks: dict[bytes, Sink] = {}
        super().__init__(client)

    def reset(self) -> None:
        """Forget what came so far: the connection is another."""
        super().reset()
        self._rest = bytearray()
        self._wanted = 0

    async def parse(self, data: bytes = b"") -> None:
        """Take what has come and give away every message that is complete with it."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return
            data = bytes(self._rest)
        self._rest, self._wanted = bytearray(), 0
        try:
            given = await self._give(data)
        except (IndexError, ValueError) as error:
            raise ProtocolError from error
        self._rest += data[given:]

    async def _give(self, data: bytes) -> int:
        """Give away the complete messages; tell where the incomplete one begins."""
        at, length = self._give_plain(data), len(data)
        while (line_end := data.find(_LINE_END, at)) >= 0:
            begin = line_end + _END
            if data[at] not in _WORDS_WITH_REPLY:
                await super().parse(data[at:begin])
                at = begin
                continue
            words = data[at:line_end].split(b" ")
            end = begin + int(words[-1])
            if end + _END > length:
                self._wanted = end + _END - at
                break
            await self._give_one(words, data[begin:end], self.sinks.get(words[2]))
            at = end + _END
        return at

    def _give_plain(self, data: bytes) -> int:
        """Give away the pulled messages without headers that come first, as nearly all do; tell where others begin.

        A payload may hold what looks like the next message: each piece must be as long as it says.
        """
        at, sinks = 0, self.sinks
        if not sinks or not data.startswith(_PLAIN):
            return at
        taker, sink = b"", None
        found: list[Frame] = []
        # The last may go on in what comes next, or hold more than a wire gives at once.
        for piece in data[len(_PLAIN) :].split(_NEXT_PLAIN, _AT_ONCE)[:-1]:
            line, _, payload = piece.partition(_LINE_END)
            try:
                subject, subscription, reply, size = line.split(b" ")
            except ValueError:
                break
            if size != _written(len(payload)):
                break
            if subscription != taker:
                if sink:
                    sink(found)
                taker, sink, found = subscription, sinks.get(subscription), []
            if sink is None:
                break
            found.append((subject, reply, b"", payload))
            at += len(piece) + _BETWEEN
        if sink:
            sink(found)
        return at

    async def _give_one(self, words: list[bytes], content: bytes, sink: Sink | None) -> None:
        kind = words[0][0]
        reply = words[3] if len(words) == _WORDS_WITH_REPLY[kind] else b""
        split_at = int(words[-2]) if kind == _MESSAGE_WITH_HEADERS else 0
        headers, payload = content[:split_at], content[split_at:]
        if sink:
            sink([(words[1], reply, headers, payload)])
        else:
            await self.nc._process_msg(int(words[2]), words[1], reply, payload, headers)  # noqa: SLF001


@lru_cache(4096)
def _written(size: int) -> bytes:
    """Write a number; to look one up that was written takes a third of the time."""
    return b"%d" % size


def divert(client: Client, subscription: Subscription, sink: Sink) -> None:
    """Give the messages of a subscription to `sink` instead of nats-py, from now on."""
    _parser_of(client).sinks[_key(subscription)] = sink


def end_diversion(client: Client, subscription: Subscription) -> None:
    """Give the messages of a subscription to nobody any more."""
    _parser_of(client).sinks.pop(_key(subscription), None)


async def acknowledge(client: Client, replies: list[bytes]) -> None:
    """Acknowledge messages by their reply subjects, in one piece; nats-py checks and writes each by itself.

    Raises ConnectionReconnectingError: then they will come again.
    """
    if not client.is_connected:
        raise ConnectionReconnectingError
    await client._send_command(b"".join(b"PUB %b 0\r\n\r\n" % reply for reply in replies))  # noqa: SLF001
    await client._flush_pending()  # noqa: SLF001


def _key(subscription: Subscription) -> bytes:
    return b"%d" % subscription._id  # noqa: SLF001


def _parser_of(client: Client) -> FrameParser:
    parser = client._ps  # noqa: SLF001
    if not isinstance(parser, FrameParser):
        raise TypeError("only connections of chassis.broker.jetstream.connect can be pulled from")
    return parser
