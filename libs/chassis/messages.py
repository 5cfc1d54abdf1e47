"""Events as they travel: a protobuf message whose full name is its subject."""

from dataclasses import dataclass
from uuid import UUID

from google.protobuf.message import Message

EVENT_ID_HEADER = "Nats-Msg-Id"
REQUEST_ID_HEADER = "Ward-Request-Id"


@dataclass(frozen=True)
class Envelope:
    """One event on its way: its id (deduplicated on), its payload, and the request that caused it."""

    event_id: UUID
    subject: str
    payload: bytes
    request_id: str


def subject_of(message: Message | type[Message]) -> str:
    """Name the subject of an event: the message's full name, `ward.incidents.v1.IncidentOpened`."""
    return str(message.DESCRIPTOR.full_name)
