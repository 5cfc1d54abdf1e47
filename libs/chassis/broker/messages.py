"""Events as they travel: a protobuf message whose full name is its subject."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

EVENT_ID_HEADER = "Nats-Msg-Id"
REQUEST_ID_HEADER = "Ward-Request-Id"


@dataclass(frozen=True)
class Envelope:
    """One event on its way: its id (deduplicated on), its payload, the request that caused it, and when it was stored.

    `stored_at` is the broker's time, the same at every delivery: how old the news is, however late it is read.
    """

    event_id: UUID
    subject: str
    payload: bytes
    request_id: str
    stored_at: datetime


def subject_of(message: Message | type[Message]) -> str:
    """Name the subject of an event: the message's full name, `ward.incidents.v1.IncidentOpened`."""
    return str(message.DESCRIPTOR.full_name)
