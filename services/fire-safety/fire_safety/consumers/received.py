"""What the broker says of messages, and messages piece by piece."""

from collections.abc import Iterator, Sequence

from chassis.delivery import Delivery
from fire_safety.domain.progress import Position

# Messages taken at a time: decoding takes its time for each, however short.
_SLICE = 500
# How an MQTT client published it, and where a stream has it from: as the broker writes them.
_MQTT_QOS = "Nmqtt-Pub"
SOURCE = "Nats-Stream-Source"


def position_of(message: Delivery) -> Position:
    """Tell its place in the stream."""
    return Position(message.metadata.sequence.stream, message.metadata.timestamp)


def comes_again(message: Delivery) -> bool:
    """Tell whether it is the direct copy of what an MQTT client published with QoS 1 or 2.

    The copy that counts comes from where the broker kept it before it acknowledged (`chassis.jetstream.MQTT`): of two
    copies with two times of receipt, one observation without a time of its own would confirm itself.
    """
    if not message.may_have(_MQTT_QOS):
        return False
    headers = message.headers
    return headers.get(_MQTT_QOS, "0") != "0" and SOURCE not in headers


def slices(messages: Sequence[Delivery], size: int) -> Iterator[Sequence[Delivery]]:
    """Cut messages into pieces of about `size` bytes and at most `_SLICE`, none of them empty."""
    begin = gathered = 0
    for end, message in enumerate(messages, 1):
        gathered += len(message.data)
        if gathered >= size or end - begin >= _SLICE:
            yield messages[begin:end]
            begin, gathered = end, 0
    if begin < len(messages):
        yield messages[begin:]
