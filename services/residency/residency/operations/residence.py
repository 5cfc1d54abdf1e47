"""Residence registrations: entered, and ended."""

from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

from chassis.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.database import Database
from chassis.outbox import Relay
from residency.domain.residence import ResidenceApplication
from residency.domain.sealing import NumberSeal
from residency.operations.requests import claim
from residency.repository import occupancy, residence


class ResidenceOperations:
    """Enters and ends registrations."""

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

    async def register(
        self, application: ResidenceApplication, request_id: str, digest: bytes
    ) -> UUID:
        """Enter a decided registration and publish the dwelling's new counts; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises DwellingNotFoundError,
        IdentityMismatchError, PermanentResidenceExistsError, FieldInvalidError for the term, or
        RequestIdReusedError.
        """
        now, registration_id = self._clock(), self._new_id()
        async with accounted(self._database, now) as tx:
            if first := await claim(tx, self._seal, request_id, digest, registration_id, now):
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

    async def end(
        self, registration_id: UUID, ended_on: date, request_id: str, digest: bytes
    ) -> None:
        """End a registration from a day on and publish the dwelling's new counts.

        A repeat of the request changes nothing. Raises RegistrationNotFoundError,
        RegistrationAlreadyEndedError, FieldInvalidError for the day, or RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request_id, digest, registration_id, now):
                return
            registration = await residence.load_registration_to_end(tx, registration_id)
            registration.check_end(ended_on, ward_day(now))
            await residence.end_registration(tx, registration_id, ended_on, now)
            await occupancy.announce(tx, [registration.dwelling_id], now)
        self._relay.wake()
