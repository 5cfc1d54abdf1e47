"""Credentials and their audit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fire_safety.domain.devices.device import DEVICE_ID, DeviceNotFoundError
from fire_safety.domain.gate.credentials import (
    AuditEntry,
    AuditPosition,
    Credential,
    CredentialNotFoundError,
)
from fire_safety.wire.fields import (
    optional_moment,
    optional_timestamp,
    page_token_of,
    place_of_page,
    timestamp,
)
from ward.fire_safety.v1 import credentials_pb2 as pb

# ---------------------------------------------------------------- requests


def credential_id(text: str) -> UUID:
    """Read a credential's id; what is no id is the id of no credential."""
    try:
        return UUID(text)
    except ValueError:
        raise CredentialNotFoundError from None


def device_id(text: str) -> str:
    """Read a device's id; what has not its form is the id of no device."""
    if not DEVICE_ID.fullmatch(text):
        raise DeviceNotFoundError
    return text


def expiry(request: pb.IssueCredentialRequest | pb.RotateCredentialRequest) -> datetime | None:
    """Read when a credential shall end; None where the policy says."""
    return optional_moment(request, "expires_at")


def page_after(token: str) -> AuditPosition | None:
    """Read where a page begins; None for the first page."""
    place = place_of_page(token)
    return None if place is None else AuditPosition(*place)


# ---------------------------------------------------------------- answers


def credential(one: Credential) -> pb.Credential:
    """Write a credential."""
    return pb.Credential(
        credential_id=str(one.credential_id),
        device_id=one.device_id,
        issued_at=timestamp(one.issued_at),
        issued_by=one.issued_by,
        expires_at=timestamp(one.expires_at),
        revoked_at=optional_timestamp(one.revoked_at),
        revoked_by=one.revoked_by,
        replaced_by=str(one.replaced_by or ""),
        first_used_at=optional_timestamp(one.first_used_at),
    )


def credentials_page(found: Sequence[Credential], size: int) -> pb.ListCredentialsResponse:
    """Write a page of credentials; `found` may hold one more than the page, to tell that there is another."""
    page = found[:size]
    more = len(found) > size
    return pb.ListCredentialsResponse(
        credentials=[credential(one) for one in page],
        next_page_token=page_token_of(page[-1].issued_at, page[-1].credential_id) if more else "",
    )


def audit_page(found: Sequence[AuditEntry], size: int) -> pb.ListCredentialAuditResponse:
    """Write a page of the audit, likewise."""
    page = found[:size]
    more = len(found) > size
    return pb.ListCredentialAuditResponse(
        entries=[_entry(one) for one in page],
        next_page_token=page_token_of(page[-1].at, page[-1].entry_id) if more else "",
    )


def _entry(one: AuditEntry) -> pb.CredentialAuditEntry:
    return pb.CredentialAuditEntry(
        entry_id=str(one.entry_id),
        at=timestamp(one.at),
        action=pb.CredentialAction.Value(f"CREDENTIAL_ACTION_{one.action}"),
        device_id=one.device_id,
        credential_id=str(one.credential_id or ""),
        account=one.account,
    )
