"""Decoys: entered by a command, and an alert whenever somebody looks at one."""

from collections.abc import Callable, Collection
from uuid import UUID, uuid4

from chassis import metrics
from chassis.clock import Clock
from chassis.database import Database
from chassis.outbox import Relay
from residency.domain.decoys import Decoy, DecoyTouch
from residency.domain.sealing import NumberSeal
from residency.repository import decoys as repository


class DecoyOperations:
    """Enters decoys and watches over them; which there are is known in memory, so that watching costs nothing."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
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

    async def watch(self, account: str, subjects: Collection[str], access_record_id: UUID) -> None:
        """Alert for each decoy among those looked at, before the answer leaves."""
        touched = self._subjects.intersection(subjects)
        if not touched:
            return
        now = self._clock()
        async with self._database.transaction() as tx:
            for subject in sorted(touched):
                touch = DecoyTouch(account, str(access_record_id), subject, now)
                await repository.alert(tx, touch)
        self._relay.wake()
        metrics.DECOYS_TOUCHED.inc(len(touched))
