"""Decoys: entered by a command, and an alert whenever somebody looks at one."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID, uuid4

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry import metrics
from residency.domain.lookups.decoys import Decoy, DecoyTouch
from residency.domain.persons.sealing import NumberSeal
from residency.domain.protection.breaches import BreachAct, BreachEntry, suspect
from residency.repository import breaches
from residency.repository import decoys as repository


class DecoyOperations:
    """Enters decoys and watches over them; which there are is known in memory, so that watching costs nothing."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._ward_code = ward_code
        self._new_id = new_id
        self._subjects: frozenset[str] = frozenset()

    async def add(self, decoy: Decoy) -> None:
        """Enter a decoy."""
        async with self._database.transaction() as tx:
            await repository.add(tx, decoy, self._new_id(), self._seal, self._clock())

    async def refresh(self) -> None:
        """Learn which decoys there are."""
        async with self._database.transaction() as tx:
            self._subjects = await repository.subjects(tx)

    def __contains__(self, subject: str) -> bool:
        """Tell whether a person of the account is a decoy."""
        return subject in self._subjects

    async def watch(self, account: str, subjects: Collection[str], access_record_id: UUID) -> None:
        """Alert for each decoy among those looked at, and suspect a breach, before the answer leaves."""
        touched = self._subjects.intersection(subjects)
        if not touched:
            return
        now = self._clock()
        async with self._database.transaction() as tx:
            for subject in sorted(touched):
                touch = DecoyTouch(account, str(access_record_id), subject, now)
                await repository.alert(tx, touch)
            await self._suspect(tx, account, now)
        self._relay.wake()
        metrics.DECOYS_TOUCHED.inc(len(touched))

    async def _suspect(self, tx: Transaction, account: str, now: datetime) -> None:
        """Enter a suspected breach, or note the look with the suspicion that the account is under already."""
        known = await breaches.lock_suspicion(tx, account)
        if known:
            entry = BreachEntry(now, BreachAct.SUSPECT_AGAIN, "", "")
            await breaches.save(tx, known.suspect_again(), entry)
            return
        term = await breaches.notification_term(tx, ward_day(now))
        called = await breaches.next_identity(tx, self._ward_code, self._new_id(), now)
        suspected = suspect(called, account, term, now)
        await breaches.add(tx, suspected, BreachAct.SUSPECT, now)
