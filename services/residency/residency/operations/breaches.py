"""The breach register: recorded, moved, and told of when the time to tell the authority runs out."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.clock import Clock, ward_day
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from residency.domain.persons.sealing import NumberSeal
from residency.domain.protection.breaches import (
    Breach,
    BreachAct,
    BreachEntry,
    BreachFinding,
    BreachNature,
    NotificationTerm,
    record,
)
from residency.operations.requests import Moving, claim
from residency.repository import breaches as repository

# What becomes of a breach now, by the terms in force.
Move = Callable[[Breach, datetime, NotificationTerm], Breach]


class BreachOperations:
    """Records and moves breaches.

    Each move raises BreachNotFoundError, BreachStateConflictError or RequestIdReusedError, and those that let a breach
    go, or say that the authority was told, BreachOfOwnAccountError. A repeat of a request changes nothing and tells the
    breach as it is now.
    """

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

    async def record(
        self, finding: BreachFinding, account: str, request_id: str, digest: bytes
    ) -> Breach:
        """Record a breach that somebody found; raises FieldInvalidError or RequestIdReusedError."""
        now, breach_id = self._clock(), self._new_id()
        async with self._database.transaction() as tx:
            if first := await claim(tx, self._seal, request_id, digest, breach_id, now):
                return await repository.load(tx, first)
            term = await repository.notification_term(tx, ward_day(now))
            called = await repository.next_identity(tx, self._ward_code, breach_id, now)
            breach = record(called, finding, account, term, now)
            await repository.add(tx, breach, BreachAct.RECORD, now)
        self._relay.wake()
        return breach

    async def assess(self, request: Moving, nature: BreachNature) -> Breach:
        """State what is known by now; what was waived and is graver is to be decided anew."""
        return await self._move(
            request, BreachAct.ASSESS, lambda breach, now, term: breach.assess(nature, term, now)
        )

    async def dismiss(self, request: Moving, reason: str) -> Breach:
        """Find that a suspected breach was none."""
        return await self._move(
            request, BreachAct.DISMISS, lambda breach, _now, _term: breach.dismiss(), reason
        )

    async def notify(self, request: Moving, notified_at: datetime, reference: str) -> Breach:
        """Note that the authority was told; raises FieldInvalidError too."""
        return await self._move(
            request,
            BreachAct.NOTIFY,
            lambda breach, now, _term: breach.notify(notified_at, reference, now),
            reference,
        )

    async def waive(self, request: Moving, reason: str) -> Breach:
        """Decide not to tell the authority."""
        return await self._move(
            request, BreachAct.WAIVE, lambda breach, now, _term: breach.waive(now), reason
        )

    async def take_measure(self, request: Moving, measure: str) -> Breach:
        """Note that something was done against a breach."""
        return await self._move(
            request, BreachAct.MEASURE, lambda breach, _now, _term: breach.take_measure(), measure
        )

    async def close(self, request: Moving, conclusion: str) -> Breach:
        """End a breach; raises BreachNotSettledError too."""
        return await self._move(
            request, BreachAct.CLOSE, lambda breach, _now, _term: breach.close(), conclusion
        )

    async def announce_due(self) -> bool:
        """Tell of one clock that is due to be told of; False if there is none to take now."""
        now = self._clock()
        async with self._database.transaction() as tx:
            breach = await repository.take_due(tx, now)
            if breach is None:
                return False
            told, overdue = breach.alert(now)
            await repository.save_clock(tx, told)
            await repository.announce(tx, told, overdue=overdue, now=now)
        self._relay.wake()
        return True

    async def _move(self, request: Moving, act: BreachAct, move: Move, note: str = "") -> Breach:
        now = self._clock()
        async with self._database.transaction() as tx:
            breach = await repository.lock(tx, request.number)
            if await claim(
                tx, self._seal, request.request_id, request.digest, breach.breach_id, now
            ):
                return breach
            breach.check_decidable(act, request.account)
            term = await repository.notification_term(tx, ward_day(now))
            breach = move(breach, now, term)
            await repository.save(tx, breach, BreachEntry(now, act, request.account, note))
        self._relay.wake()
        return breach
