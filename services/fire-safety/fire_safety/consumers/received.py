"""What the broker says of messages, and messages piece by piece."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol, TypeVar

from chassis.broker.delivery import Delivery, Told
from fire_safety.domain.lanes.progress import Position

# Messages taken at a time: decoding takes its time for each, however short.
_SLICE = 1_000
# How an MQTT client published it, and where a stream has it from: as the broker writes them.
_MQTT_QOS = "Nmqtt-Pub"
SOURCE = "Nats-Stream-Source"


class Received(Told, Protocol):
    """A message as it is decoded: what came over the wire, and when the broker received it."""

    @property
    def subject_bytes(self) -> bytes:
        """Under which subject it is kept."""

    @property
    def data(self) -> bytes:
        """What it says."""


class Overheard(NamedTuple):
    """A message that was heard before the stream has it, which says nothing of it yet."""

    subject_bytes: bytes
    data: bytes
    stored_ms: int
    reply: bytes = b""

    @property
    def subject(self) -> str:
        """Under which subject it will be kept."""
        return self.subject_bytes.decode(errors="replace")


Message = TypeVar("Message", bound=Received)


def position_of(message: Delivery) -> Position:
    """Tell its place in the stream."""
    return Position(message.metadata.sequence.stream, message.metadata.timestamp)


def comes_again(message: Delivery) -> bool:
    """Tell whether it is the direct copy of what an MQTT client published with QoS 1 or 2.

    The copy that counts comes from where the broker kept it before it acknowledged
    (`chassis.broker.jetstream.MQTT`): of two copies with two times of receipt, one observation without a
    time of its own would confirm itself.
    """
    if not message.may_have(_MQTT_QOS):
        return False
    headers = message.headers
    return headers.get(_MQTT_QOS, "0") != "0" and SOURCE not in headers


def that_count(messages: Sequence[Delivery]) -> Sequence[Delivery]:
    """Give the messages but for copies that do not count; nearly none has headers at all."""
    return [one for one in messages if not (one.header_bytes and comes_again(one))]


def slices(messages: Sequence[Message], size: int) -> Iterator[Sequence[Message]]:
    """Cut messages into pieces of about `size` bytes and at most `_SLICE`, none of them empty."""
    ends = list(accumulate([len(one.data) for one in messages]))
    begin = gathered = 0
    while begin < len(messages):
        end = min(bisect_left(ends, gathered + size) + 1, begin + _SLICE, len(messages))
        yield messages[begin:end]
        begin, gathered = end, ends[end - 1]
