"""Public warnings (cảnh báo công cộng): messages that are never changed; each may replace the one before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule

# Hours that a message may count (table `legal_limits`).
LONGEST_RULE = "public_alerts.longest"


class PublicAlertNotFoundError(DomainError):
    """No message has this number, or it belongs to an exercise and is not for whoever asks."""

    reason = "PUBLIC_ALERT_NOT_FOUND"


class PublicAlertEndedError(DomainError):
    """The message was replaced, cancelled or has expired."""

    reason = "PUBLIC_ALERT_ENDED"


class MessageType(StrEnum):
    """What a message does (CAP 1.2 `msgType`)."""

    ALERT = "ALERT"
    UPDATE = "UPDATE"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Sender:
    """Who warns: an identifier (CAP 1.2 `sender`) and a name for people."""

    identifier: str
    name: str


@dataclass(frozen=True)
class AlertReference:
    """A message that another one refers to."""

    sender: str
    number: str
    sent_at: datetime


@dataclass(frozen=True)
class PublicAlert:
    """One message; `content` is its message of the contract, opaque here.

    `replaces` is the message before it, None of the first; `references` are all before it, oldest first.
    """

    alert_id: UUID
    number: str
    ward_code: str
    sender: Sender
    message_type: MessageType
    exercise: bool
    sent_at: datetime
    expires_at: datetime
    first_id: UUID
    replaces: UUID | None
    incident_id: UUID | None
    issued_by: str
    content: bytes
    references: tuple[AlertReference, ...] = ()

    def require_in_force(self, now: datetime) -> None:
        """Raise PublicAlertEndedError for one that takes others back, or has expired."""
        if self.message_type is MessageType.CANCEL or self.expires_at <= now:
            raise PublicAlertEndedError

    @property
    def as_reference(self) -> AlertReference:
        """Name it for those that refer to it."""
        return AlertReference(self.sender.identifier, self.number, self.sent_at)


@dataclass(frozen=True)
class AlertWanted:
    """A message to send; `replaces` is the number of the one in force, empty for a first one."""

    account: str
    request_id: str
    digest: bytes
    message_type: MessageType
    replaces: str
    exercise: bool
    incident_id: UUID | None
    # None where it ends with the one that it takes back.
    expires_at: datetime | None
    # Of a cancellation what is said of it, else the whole content; opaque here.
    content: bytes


@dataclass(frozen=True)
class AlertListing:
    """A page of the messages in force at a time, newest first."""

    exercise: bool
    now: datetime
    size: int
    after: tuple[datetime, UUID] | None


def check_expiry(expires_at: datetime, now: datetime, longest: timedelta) -> None:
    """Raise FieldInvalidError unless a message that is sent now ends later, and not too late."""
    if not now < expires_at <= now + longest:
        raise FieldInvalidError(
            "expires_at",
            Rule(
                f"trong vòng {longest // timedelta(hours=1)} giờ",
                f"within {longest // timedelta(hours=1)} hours",
            ),
        )


def alert_number(year: int, ordinal: int) -> str:
    """Write the number for people, `CB-2026-000042` (CB: cảnh báo)."""
    return f"CB-{year}-{ordinal:06d}"
