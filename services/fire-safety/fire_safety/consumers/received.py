"""What the broker says of a message."""

from chassis.delivery import Delivery
from fire_safety.domain.progress import Position

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
