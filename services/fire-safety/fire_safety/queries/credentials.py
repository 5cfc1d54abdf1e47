"""Credentials and their audit, as people ask for them."""

from typing import Any

from sqlalchemy import Select, desc, select, tuple_

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.devices.device import DeviceNotFoundError
from fire_safety.domain.gate.credentials import (
    AuditEntry,
    AuditPosition,
    Credential,
    CredentialAction,
)
from fire_safety.repository.credentials import credential_of

_credentials = tables.device_credentials.c
_audit = tables.credential_audit.c
_devices = tables.devices.c


class CredentialQueries:
    """Asks for credentials and for what was done with them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_credentials(
        self, device_id: str, after: AuditPosition | None, limit: int
    ) -> list[Credential]:
        """Give the credentials of a device, newest first; raises DeviceNotFoundError."""
        statement: Select[Any] = select(tables.device_credentials).where(
            _credentials.device_id == device_id
        )
        if after:
            place = tuple_(_credentials.issued_at, _credentials.credential_id)
            statement = statement.where(place < (after.at, after.entry_id))
        statement = statement.order_by(
            desc(_credentials.issued_at), desc(_credentials.credential_id)
        )
        known = select(_devices.device_id).where(_devices.device_id == device_id)
        async with self._database.transaction() as tx:
            if (await tx.execute(known)).one_or_none() is None:
                raise DeviceNotFoundError
            rows = await tx.execute(statement.limit(limit))
            return [credential_of(row) for row in rows.mappings()]

    async def list_audit(
        self, device_id: str, after: AuditPosition | None, limit: int
    ) -> list[AuditEntry]:
        """Give entries of the audit, newest first; an empty device id gives those of all."""
        statement: Select[Any] = select(tables.credential_audit)
        if device_id:
            statement = statement.where(_audit.device_id == device_id)
        if after:
            place = tuple_(_audit.at, _audit.entry_id)
            statement = statement.where(place < (after.at, after.entry_id))
        statement = statement.order_by(desc(_audit.at), desc(_audit.entry_id)).limit(limit)
        async with self._database.transaction() as tx:
            return [
                AuditEntry(**{**row, "action": CredentialAction(row["action"])})
                for row in (await tx.execute(statement)).mappings()
            ]
