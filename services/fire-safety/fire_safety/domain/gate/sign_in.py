"""Who may sign in, and for whom they then speak."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fire_safety.domain.gate.credentials import Credential, SignInPolicy, digest


@dataclass(frozen=True)
class Attempt:
    """What a client says of itself; `client_id` is None for any but MQTT clients, `host` where it comes from.

    `encrypted` is whether it came over TLS.
    """

    name: str
    secret: str = field(repr=False)
    client_id: str | None
    host: str
    encrypted: bool


class Refusal(StrEnum):
    """Why somebody was refused; the client is not told."""

    UNKNOWN_DEVICE = "unknown_device"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - the name of a reason
    REVOKED = "revoked"
    EXPIRED = "expired"
    # Taken down for good: whoever still has its secret is not it.
    RETIRED = "retired"
    # An MQTT client id belongs to whoever uses it first: only the device's own is given to it.
    OTHER_CLIENT_ID = "other_client_id"
    # Whoever listened on the way has its secret.
    NOT_ENCRYPTED = "not_encrypted"


@dataclass(frozen=True)
class DeviceRights:
    """A device of the register with all credentials it ever had, and the devices in service that it reports for."""

    device_id: str
    credentials: Sequence[Credential]
    children: Sequence[str]
    retired: bool = False


@dataclass(frozen=True)
class Grant:
    """A successful sign-in: with which credential, for whom it speaks, and how long."""

    credential: Credential
    speaks_for: tuple[str, ...]
    until: datetime


def decide(
    attempt: Attempt,
    rights: DeviceRights | None,
    policy: SignInPolicy,
    now: datetime,
    *,
    mqtt_tls_only: bool = False,
) -> Grant | Refusal:
    """Let a device in, or tell why not; with `mqtt_tls_only` no MQTT client that does not speak TLS."""
    if rights is None:
        return Refusal.UNKNOWN_DEVICE
    used = _matching(digest(attempt.secret), rights.credentials)
    if used is None:
        return Refusal.WRONG_SECRET
    if rights.retired:
        return Refusal.RETIRED
    if used.revoked_at:
        return Refusal.REVOKED
    if used.ended(now):
        return Refusal.EXPIRED
    if attempt.client_id not in {None, rights.device_id}:
        return Refusal.OTHER_CLIENT_ID
    if mqtt_tls_only and attempt.client_id is not None and not attempt.encrypted:
        return Refusal.NOT_ENCRYPTED
    until = min(used.expires_at, now + timedelta(seconds=policy.session_s))
    return Grant(used, (rights.device_id, *rights.children), until)


def _matching(offered: bytes, credentials: Iterable[Credential]) -> Credential | None:
    """Find the credential of a secret; how long it takes tells nothing of where they differ."""
    found = [one for one in credentials if hmac.compare_digest(one.secret_digest, offered)]
    return found[0] if found else None
