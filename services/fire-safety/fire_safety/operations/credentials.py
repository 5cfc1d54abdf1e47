"""What people do with credentials: issue, rotate, revoke; each told by the audit."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from fire_safety.domain.gate.credentials import (
    AuditEntry,
    Credential,
    CredentialAction,
    CredentialExistsError,
    digest,
)
from fire_safety.operations.requests import claim
from fire_safety.repository import credentials as repository


@dataclass(frozen=True)
class Asked:
    """What identifies a request, so that a repeat has no second effect."""

    request_id: str
    digest: bytes


@dataclass(frozen=True)
class Issued:
    """A credential made; the secret is empty when the request was answered before."""

    credential: Credential
    secret: str = field(repr=False)
    replaced: Credential | None = None


class CredentialOperations:
    """Issues, rotates and revokes; `make_secret` gives at least 192 random bits as text."""

    def __init__(self, database: Database, clock: Clock, make_secret: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._make_secret = make_secret

    async def issue(self, device_id: str, expires_at: datetime | None, asked: Asked) -> Issued:
        """Make a credential for a device that has none in force; a repeat gets it without its secret.

        Raises DeviceNotFoundError, DeviceRetiredError, CredentialExistsError, FieldInvalidError, RequestIdReusedError.
        """
        now, new_id = self._clock(), uuid4()
        async with self._database.transaction() as tx:
            first = await self._claim(tx, asked, new_id, now)
            if first:
                return Issued(await repository.load(tx, first, for_change=False), "")
            await repository.lock_device(tx, device_id)
            before = await repository.current_of(tx, device_id)
            if before and not before.ended(now):
                raise CredentialExistsError
            return await self._make(tx, device_id, new_id, expires_at, now, before)

    async def rotate(
        self, credential_id: UUID, expires_at: datetime | None, asked: Asked
    ) -> Issued:
        """Make a credential in place of another, which stays good for the grace period.

        Raises CredentialNotFoundError, DeviceRetiredError, CredentialEndedError, FieldInvalidError,
        RequestIdReusedError.
        """
        now, new_id = self._clock(), uuid4()
        async with self._database.transaction() as tx:
            first = await self._claim(tx, asked, new_id, now)
            if first:
                made = await repository.load(tx, first, for_change=False)
                return Issued(made, "", await repository.predecessor_of(tx, first))
            policy = await repository.policy_in_force(tx, now)
            before = await self._hold(tx, credential_id, in_service=True)
            grace = timedelta(seconds=policy.rotation_grace_s)
            replaced = before.replaced(new_id, grace, now)
            issued = await self._make(tx, before.device_id, new_id, expires_at, now, replaced)
            entry = AuditEntry.of(before, CredentialAction.ROTATED, now, current_account())
            await repository.tell(tx, [entry])
        return issued

    async def revoke(self, credential_id: UUID, asked: Asked) -> Credential:
        """End a credential now; a second time changes nothing.

        Raises CredentialNotFoundError, RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            await self._claim(tx, asked, credential_id, now)
            before = await self._hold(tx, credential_id, in_service=False)
            revoked = before.revoked(current_account(), now)
            if revoked is not before:
                await repository.save(tx, revoked)
                entry = AuditEntry.of(revoked, CredentialAction.REVOKED, now, current_account())
                await repository.tell(tx, [entry])
        return revoked

    async def _hold(self, tx: Transaction, credential_id: UUID, *, in_service: bool) -> Credential:
        """Load a credential as it is once nobody else changes those of its device."""
        found = await repository.load(tx, credential_id, for_change=False)
        await repository.lock_device(tx, found.device_id, in_service=in_service)
        return await repository.load(tx, credential_id)

    async def _make(
        self,
        tx: Transaction,
        device_id: str,
        new_id: UUID,
        expires_at: datetime | None,
        now: datetime,
        before: Credential | None,
    ) -> Issued:
        """Enter a new credential in the place of the one before, if there is one."""
        policy = await repository.policy_in_force(tx, now)
        secret = self._make_secret()
        made = Credential(
            credential_id=new_id,
            device_id=device_id,
            secret_digest=digest(secret),
            issued_at=now,
            issued_by=current_account(),
            expires_at=policy.end_of_credential(expires_at, now),
        )
        if before:
            before = replace(before, replaced_by=new_id)
            await repository.save(tx, before)
        await repository.add(tx, made)
        entry = AuditEntry.of(made, CredentialAction.ISSUED, now, current_account())
        await repository.tell(tx, [entry])
        return Issued(made, secret, before)

    async def _claim(
        self, tx: Transaction, asked: Asked, resource_id: UUID, now: datetime
    ) -> UUID | None:
        first = await claim(tx, asked.request_id, asked.digest, str(resource_id), now)
        return UUID(first) if first else None


async def revoke_all(
    tx: Transaction, device_ids: Collection[str], account: str, now: datetime
) -> None:
    """End the credentials of devices that are taken down, in the transaction that takes them down and holds them."""
    revoked = [one.revoked(account, now) for one in await repository.unrevoked_of(tx, device_ids)]
    for one in revoked:
        await repository.save(tx, one)
    await repository.tell(
        tx, [AuditEntry.of(one, CredentialAction.REVOKED, now, account) for one in revoked]
    )
