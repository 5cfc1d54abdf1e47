"""Credentials of devices and their audit."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Text, cast, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.devices.device import DeviceNotFoundError, DeviceRetiredError
from fire_safety.domain.gate.credentials import (
    AuditEntry,
    Credential,
    CredentialAction,
    CredentialNotFoundError,
    SignInPolicy,
)
from fire_safety.tables.versions import in_force

_credentials = tables.device_credentials.c
_policies = tables.sign_in_policies.c
_devices = tables.devices.c


def credential_of(row: RowMapping) -> Credential:
    """Read a credential."""
    return Credential(**row)


async def policy_in_force(tx: Transaction, now: datetime) -> SignInPolicy:
    """Give the terms of signing in that are in force."""
    statement = (
        select(*(_policies[name] for name in SignInPolicy.__dataclass_fields__))
        .where(in_force(_policies.effective_from, now))
        .order_by(_policies.version.desc())
        .limit(1)
    )
    return SignInPolicy(**(await tx.execute(statement)).mappings().one())


async def lock_device(tx: Transaction, device_id: str, *, in_service: bool = True) -> None:
    """Hold a device so that its credentials change one after another, and it is not retired meanwhile.

    Raises DeviceNotFoundError, and DeviceRetiredError where it must be in service.
    """
    # Such a lock leaves the signs of life free to be written.
    statement = (
        select(_devices.retired)
        .where(_devices.device_id == device_id)
        .with_for_update(key_share=True)
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise DeviceNotFoundError
    if in_service and row.retired:
        raise DeviceRetiredError


async def current_of(tx: Transaction, device_id: str) -> Credential | None:
    """Give a device's credential that was neither revoked nor replaced; it may have expired."""
    statement = select(tables.device_credentials).where(
        _credentials.device_id == device_id,
        _credentials.revoked_at.is_(None),
        _credentials.replaced_by.is_(None),
    )
    row = (await tx.execute(statement)).mappings().one_or_none()
    return credential_of(row) if row else None


async def load(tx: Transaction, credential_id: UUID, *, for_change: bool = True) -> Credential:
    """Load a credential; raises CredentialNotFoundError."""
    statement = select(tables.device_credentials).where(
        _credentials.credential_id == credential_id
    )
    if for_change:
        statement = statement.with_for_update()
    row = (await tx.execute(statement)).mappings().one_or_none()
    if row is None:
        raise CredentialNotFoundError
    return credential_of(row)


async def unrevoked_of(tx: Transaction, device_ids: Collection[str]) -> list[Credential]:
    """Load the credentials of devices that were not revoked, for change."""
    statement = (
        select(tables.device_credentials)
        .where(_credentials.device_id.in_(device_ids), _credentials.revoked_at.is_(None))
        .order_by(_credentials.credential_id)
        .with_for_update()
    )
    return [credential_of(row) for row in (await tx.execute(statement)).mappings()]


async def predecessor_of(tx: Transaction, credential_id: UUID) -> Credential | None:
    """Give the credential that this one replaced."""
    statement = select(tables.device_credentials).where(_credentials.replaced_by == credential_id)
    row = (await tx.execute(statement)).mappings().one_or_none()
    return credential_of(row) if row else None


async def add(tx: Transaction, credential: Credential) -> None:
    """Enter a new credential."""
    await tx.execute(insert(tables.device_credentials).values(**vars(credential)))


async def save(tx: Transaction, credential: Credential) -> None:
    """Save how a credential ends."""
    await tx.execute(
        update(tables.device_credentials)
        .where(_credentials.credential_id == credential.credential_id)
        .values(
            expires_at=credential.expires_at,
            revoked_at=credential.revoked_at,
            revoked_by=credential.revoked_by,
            replaced_by=credential.replaced_by,
        )
    )


async def save_first_use(tx: Transaction, used: Collection[Credential], now: datetime) -> None:
    """Note that credentials were used, unless they were before."""
    await tx.execute(
        update(tables.device_credentials)
        .where(
            _credentials.credential_id.in_([one.credential_id for one in used]),
            _credentials.first_used_at.is_(None),
        )
        .values(first_used_at=now)
    )


async def tell(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
    """Add entries to the audit; one that is there is not told again."""
    if entries:
        rows: list[dict[str, Any]] = [dict(vars(one)) for one in entries]
        await tx.execute(insert(tables.credential_audit).on_conflict_do_nothing(), rows)


async def expired_untold(tx: Transaction, now: datetime) -> list[Credential]:
    """Give the credentials that ended by their time and of which the audit does not tell so."""
    audit = tables.credential_audit.c
    told = (
        select(audit.entry_id)
        .where(
            audit.credential_id == _credentials.credential_id,
            audit.device_id == _credentials.device_id,
            audit.action == CredentialAction.EXPIRED,
        )
        .exists()
    )
    statement = select(tables.device_credentials).where(
        _credentials.expires_at <= now, _credentials.revoked_at.is_(None), ~told
    )
    return [credential_of(row) for row in (await tx.execute(statement)).mappings()]


async def note_gateways(tx: Transaction, now: datetime) -> None:
    """Note for whom each gateway speaks, and when that was found to have changed."""
    rights = tables.gateway_rights
    kept = select(rights.c.gateway_id, cast(null(), Text).label("device_id"))
    named = select(_devices.gateway_id, _devices.device_id).where(
        _devices.gateway_id.is_not(None), _devices.retired.is_(False)
    )
    each = named.union_all(kept).subquery("each_child")
    children = func.string_agg(
        each.c.device_id, aggregate_order_by(literal(","), each.c.device_id)
    )
    digest = func.md5(func.coalesce(children, ""))
    as_now = select(each.c.gateway_id, digest, literal(now, rights.c.changed_at.type))
    statement = insert(rights).from_select(
        ["gateway_id", "children_digest", "changed_at"], as_now.group_by(each.c.gateway_id)
    )
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["gateway_id"],
            set_={
                "children_digest": statement.excluded.children_digest,
                "changed_at": statement.excluded.changed_at,
            },
            where=rights.c.children_digest != statement.excluded.children_digest,
        )
    )
