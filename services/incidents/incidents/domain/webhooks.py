"""Webhooks: whom other systems told of, what they are told, and when it is tried again."""

import base64
import hmac
import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from chassis.sealing import Seal

SECRET_BYTES = 32
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of Standard Webhooks
# A receiver that answers too late gets the same delivery again, under its id.
TAKEN_FOR = timedelta(seconds=60)
# After the first try and each further one; then it is given up, about twelve hours after the event.
_TRIED_AGAIN = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
)
# Addresses in which another one is hidden: NAT64 (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
# Names as DNS holds them (RFC 1123, RFC 5890: another script as `xn--`). A last label of digits is an address that only
# some readers understand (`2130706433`, `0x7f.1`).
_HOST_MAX = 253
_LABEL = re.compile("[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*", re.ASCII)


class WebhookNotFoundError(DomainError):
    """No webhook that is told has this id."""

    reason = "WEBHOOK_NOT_FOUND"


@dataclass(frozen=True)
class Webhook:
    """A webhook; no `events` are all. `waiting` and `dead` count its deliveries."""

    webhook_id: UUID
    url: str
    events: tuple[str, ...]
    created_at: datetime
    created_by: str
    waiting: int = 0
    dead: int = 0


@dataclass(frozen=True)
class WebhookWanted:
    """A webhook to register."""

    account: str
    request_id: str
    digest: bytes
    url: str
    events: tuple[str, ...]


@dataclass(frozen=True)
class WebhookRemoval:
    """A webhook to end."""

    webhook_id: UUID
    account: str
    request_id: str
    digest: bytes


@dataclass(frozen=True)
class Notice:
    """What is told of an event, which has an id and a name: the content, JSON in UTF-8."""

    event_id: UUID
    event: str
    content: bytes


@dataclass(frozen=True)
class Delivery:
    """A notice on its way to one webhook; `attempts` counts the present one too."""

    delivery_id: UUID
    url: str
    secret: bytes
    content: bytes
    attempts: int

    def headers(self, now: datetime) -> dict[str, str]:
        """Sign it as Standard Webhooks says.

        Whoever replays it has an old time, or an id that was seen; whoever changes either has no signature.
        """
        told, at = f"msg_{self.delivery_id.hex}", str(int(now.timestamp()))
        signed = hmac.digest(self.secret, f"{told}.{at}.".encode() + self.content, "sha256")
        return {
            "content-type": "application/json",
            "webhook-id": told,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }


@dataclass(frozen=True)
class DeadDelivery:
    """A delivery that was given up, and why the last try failed."""

    delivery_id: UUID
    event: str
    url: str
    created_at: datetime
    attempts: int
    failure: str


class WebhookSeal:
    """Seals the secrets of webhooks, each bound to its own."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def seal(self, secret: bytes, webhook_id: UUID) -> bytes:
        """Encrypt a secret."""
        return self._seal.seal(secret, _place(webhook_id))

    def open(self, sealed: bytes, webhook_id: UUID) -> bytes:
        """Decrypt it; raises UnknownKeyError, or InvalidTag if it was altered or moved."""
        return self._seal.open(sealed, _place(webhook_id))


def secret_text(secret: bytes) -> str:
    """Write a secret as its receiver enters it."""
    return _SECRET_PREFIX + base64.b64encode(secret).decode()


def tried_again_at(attempts: int, now: datetime) -> datetime | None:
    """Tell when a delivery is tried again that has failed so often; None where it is given up."""
    if attempts > len(_TRIED_AGAIN):
        return None
    return now + _TRIED_AGAIN[attempts - 1]


def check_url(url: str, *, private_allowed: bool) -> None:
    """Raise FieldInvalidError for an address that could lead inside, or tell a secret on the way."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise FieldInvalidError("url", Rule("một địa chỉ mạng", "an address")) from error
    schemes = {"https", "http"} if private_allowed else {"https"}
    if parts.scheme not in schemes or not host or parts.username or parts.fragment:
        raise FieldInvalidError(
            "url",
            Rule(
                "https, không có tên người dùng hay phần sau dấu #",
                "https, without a user or fragment",
            ),
        )
    if not _is_literal(host) and not _is_name(host):
        raise FieldInvalidError(
            "url",
            Rule(
                "tên máy chủ có trong DNS, chữ có dấu viết dạng xn--",
                "a host that DNS has, another script as xn--",
            ),
        )
    if not private_allowed and _is_literal(host) and not is_public(host):
        raise FieldInvalidError(
            "url", Rule("một địa chỉ công khai trên Internet", "an address that is public")
        )


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, and hides no other."""
    told = ipaddress.ip_address(address)
    if isinstance(told, ipaddress.IPv6Address):
        if told.ipv4_mapped is not None:
            return is_public(str(told.ipv4_mapped))
        if told.sixtofour is not None or told.teredo is not None or told in _TRANSLATED:
            return False
    return told.is_global and not told.is_multicast


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    known = len(host) <= _HOST_MAX and all(map(_LABEL.fullmatch, labels))
    return known and not _NUMBER.fullmatch(labels[-1])


def _place(webhook_id: UUID) -> bytes:
    return webhook_id.bytes + b"webhook"
