"""How far detection has come."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Position:
    """A message of the stream: its sequence, and when the broker received it."""

    stream_sequence: int
    received_at: datetime
