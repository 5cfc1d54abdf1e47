"""What the broker says of a message."""

from nats.aio.msg import Msg

from fire_safety.domain.progress import Position

_MS = 1000


def received_ms(message: Msg) -> int:
    """Tell when the broker received it, milliseconds since 1970: the same at every delivery."""
    return round(message.metadata.timestamp.timestamp() * _MS)


def position_of(message: Msg) -> Position:
    """Tell its place in the stream."""
    return Position(message.metadata.sequence.stream, message.metadata.timestamp)
