"""What the service can do; one public method is one transaction."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

from chassis import context, idempotency
from chassis.clock import Clock, ward_day
from chassis.database import Database, Transaction
from chassis.outbox import Relay
from residency import tables
from residency.domain.residence import ResidenceApplication
from residency.domain.sealing import NumberSeal
from residency.repository import occupancy, residence

_RECOUNT_BATCH = 200


class Operations:
    """Changes of the register."""

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

    async def register_residence(
        self, application: ResidenceApplication, request_id: str, digest: bytes
    ) -> UUID:
        """Enter a decided registration and publish the dwelling's new counts; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises DwellingNotFoundError,
        IdentityMismatchError, PermanentResidenceExistsError, FieldInvalidError for the term, or
        RequestIdReusedError.
        """
        now, registration_id = self._clock(), self._new_id()
        async with self._database.transaction() as tx:
            if first := await self._claim(tx, request_id, digest, registration_id):
                return first
            limit = await residence.temporary_limit(tx, ward_day(now))
            application.term.check(application.kind, limit)
            dwelling_id = application.dwelling_id
            await occupancy.lock_dwelling(tx, dwelling_id)
            person_id = await residence.find_or_enter_person(
                tx, application, self._seal, self._new_id(), now
            )
            household_id = await residence.join_household(
                tx, dwelling_id, person_id, self._new_id(), now
            )
            await residence.add_registration(
                tx, registration_id, application, person_id, household_id, now
            )
            await occupancy.announce(tx, [dwelling_id], now)
        self._relay.wake()
        return registration_id

    async def end_residence(
        self, registration_id: UUID, ended_on: date, request_id: str, digest: bytes
    ) -> None:
        """End a registration from a day on and publish the dwelling's new counts.

        A repeat of the request changes nothing. Raises RegistrationNotFoundError,
        RegistrationAlreadyEndedError, FieldInvalidError for the day, or RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            if await self._claim(tx, request_id, digest, registration_id):
                return
            registration = await residence.load_registration_to_end(tx, registration_id)
            registration.check_end(ended_on, ward_day(now))
            await residence.end_registration(tx, registration_id, ended_on, now)
            await occupancy.announce(tx, [registration.dwelling_id], now)
        self._relay.wake()

    async def recount_due(self) -> bool:
        """Publish some dwellings whose counts have changed with the day; True if there may be more.

        The timer is a row that moves on in the same transaction, so each change is published once.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            due = await occupancy.lock_due(tx, ward_day(now), _RECOUNT_BATCH)
            await occupancy.announce(tx, due, now)
        if due:
            self._relay.wake()
        return len(due) == _RECOUNT_BATCH

    async def forget_requests(self, kept: timedelta) -> int:
        """Forget requests so old that nobody repeats them any more; tell how many."""
        async with self._database.transaction() as tx:
            return await idempotency.prune(tx, tables.requests, self._clock() - kept)

    async def _claim(
        self, tx: Transaction, request_id: str, digest: bytes, resource_id: UUID
    ) -> UUID | None:
        first = await idempotency.claim(
            tx,
            tables.requests,
            account=context.current_account(),
            request_id=request_id,
            digest=self._seal.fingerprint(digest),
            resource_id=str(resource_id),
            now=self._clock(),
        )
        return UUID(first) if first else None
