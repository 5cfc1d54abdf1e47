"""Credentials of devices: made, replaced, revoked; and the terms on which devices sign in."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule

_ENTRIES = UUID("6e1f6a0e-27ad-4a39-9d8e-3d4c7c1f0a55")


class CredentialNotFoundError(DomainError):
    """No such credential."""

    reason = "CREDENTIAL_NOT_FOUND"


class CredentialExistsError(DomainError):
    """The device has a credential in force."""

    reason = "CREDENTIAL_EXISTS"


class CredentialEndedError(DomainError):
    """The credential has expired, was revoked or was replaced."""

    reason = "CREDENTIAL_ENDED"


@dataclass(frozen=True)
class SignInPolicy:
    """One version of the terms; the columns of `sign_in_policies` say what each means."""

    version: int
    credential_life_s: float
    rotation_grace_s: float
    session_s: float
    delay_first_s: float
    delay_max_s: float
    failures_remembered_s: float
    # None where a version sets no limit.
    max_connections: int | None = None

    def end_of_credential(self, asked: datetime | None, now: datetime) -> datetime:
        """Settle when a credential made now ends; raises FieldInvalidError for a time that is past or too far."""
        last = now + timedelta(seconds=self.credential_life_s)
        if asked is None:
            return last
        if not now < asked <= last:
            raise FieldInvalidError(
                "expires_at",
                Rule(
                    f"một thời điểm chưa đến, muộn nhất là {last.isoformat()}",
                    f"a time to come, until {last.isoformat()}",
                ),
            )
        return asked


@dataclass(frozen=True)
class Credential:
    """What a device signs in with; of the secret only its digest is known."""

    credential_id: UUID
    device_id: str
    secret_digest: bytes = field(repr=False)
    issued_at: datetime
    issued_by: str
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
    replaced_by: UUID | None = None
    first_used_at: datetime | None = None

    def ended(self, now: datetime) -> bool:
        """Tell whether it signs nobody in any more."""
        return self.revoked_at is not None or self.expires_at <= now

    def replaced(self, other: UUID, grace: timedelta, now: datetime) -> "Credential":
        """Let another take its place after a grace period; raises CredentialEndedError."""
        if self.ended(now) or self.replaced_by:
            raise CredentialEndedError
        return replace(self, replaced_by=other, expires_at=min(self.expires_at, now + grace))

    def revoked(self, account: str, now: datetime) -> "Credential":
        """End it; one that was revoked before stays as it was."""
        return self if self.revoked_at else replace(self, revoked_at=now, revoked_by=account)


def digest(secret: str) -> bytes:
    """Give what is kept of a secret."""
    # What a client sends need not be text that can be written.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


class CredentialAction(StrEnum):
    """What the audit tells."""

    ISSUED = "ISSUED"
    ROTATED = "ROTATED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    SIGNED_IN = "SIGNED_IN"
    REFUSED = "REFUSED"
    CROWDED = "CROWDED"


@dataclass(frozen=True)
class AuditEntry:
    """What happened to a credential; `credential_id` is None for what happened under a device's name."""

    entry_id: UUID
    at: datetime
    action: CredentialAction
    device_id: str
    credential_id: UUID | None
    account: str

    @classmethod
    def of(
        cls, credential: Credential, action: CredentialAction, at: datetime, account: str = ""
    ) -> "AuditEntry":
        """Tell what happened to a credential, each action once."""
        entry_id = uuid5(_ENTRIES, f"{credential.credential_id} {action}")
        return cls(entry_id, at, action, credential.device_id, credential.credential_id, account)

    @classmethod
    def hourly(cls, device_id: str, action: CredentialAction, at: datetime) -> "AuditEntry":
        """Tell what somebody did under a device's name: the same entry for the whole hour."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        entry_id = uuid5(_ENTRIES, f"{device_id} {action.lower()} {hour.isoformat()}")
        return cls(entry_id, at, action, device_id, None, "")


@dataclass(frozen=True)
class AuditPosition:
    """Where a page of the audit, or of credentials, goes on: behind this entry."""

    at: datetime
    entry_id: UUID
