"""What signing in leaves behind: first uses, refusals and ends, told by the audit in a bounded way."""

from collections.abc import Collection

from chassis.clock import Clock
from chassis.storage.database import Database
from fire_safety.domain.gate.credentials import AuditEntry, Credential, CredentialAction
from fire_safety.repository import credentials as repository


class SignInOperations:
    """Notes what happened at the gate."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(self, first_used: Collection[Credential], refused: Collection[str]) -> None:
        """Note credentials used for the first time, and devices of the register in whose name somebody was refused."""
        now = self._clock()
        entries = [AuditEntry.of(one, CredentialAction.SIGNED_IN, now) for one in first_used]
        entries += [AuditEntry.hourly(one, CredentialAction.REFUSED, now) for one in refused]
        if not entries:
            return
        async with self._database.transaction() as tx:
            await repository.save_first_use(tx, first_used, now)
            await repository.tell(tx, entries)

    async def note_crowded(self, device_ids: Collection[str]) -> None:
        """Note devices that were connected more often at once than they may be."""
        now = self._clock()
        async with self._database.transaction() as tx:
            await repository.tell(
                tx, [AuditEntry.hourly(one, CredentialAction.CROWDED, now) for one in device_ids]
            )

    async def note_ends(self) -> None:
        """Note the credentials that ended by their time, and the gateways that speak for others than before."""
        now = self._clock()
        async with self._database.transaction() as tx:
            expired = await repository.expired_untold(tx, now)
            await repository.tell(
                tx,
                [AuditEntry.of(one, CredentialAction.EXPIRED, one.expires_at) for one in expired],
            )
            await repository.note_gateways(tx, now)
