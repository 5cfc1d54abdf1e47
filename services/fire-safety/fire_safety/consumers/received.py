"""What the broker says of a message."""

from chassis.delivery import Delivery
from fire_safety.domain.progress import Position


def received_ms(message: Delivery) -> int:
    """Tell when the broker received it, milliseconds since 1970: the same at every delivery."""
    return message.metadata.timestamp_ms


def position_of(message: Delivery) -> Position:
    """Tell its place in the stream."""
    return Position(message.metadata.sequence.stream, message.metadata.timestamp)
