"""Residence registrations: entered, ended, corrected and annulled."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.duplicates import Occasion
from residency.domain.persons.sealing import NumberSeal
from residency.domain.requests import Request
from residency.domain.residence.households import fitted, standing
from residency.domain.residence.registrations import (
    Correction,
    Origin,
    Registration,
    ResidenceApplication,
)
from residency.operations import duplicates
from residency.operations.account import concerns
from residency.operations.requests import claim
from residency.repository import households, occupancy, persons, residence
from residency.repository.limits import check_beginning

NewId = Callable[[], UUID]


class ResidenceOperations:
    """Changes registrations; each change publishes the dwelling's new counts."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        new_id: NewId = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._new_id = new_id

    async def register(
        self,
        application: ResidenceApplication,
        request_id: str,
        digest: bytes,
        reference: str = "",
    ) -> UUID:
        """Enter a decided registration; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises what `enter` raises, or
        RequestIdReusedError.
        """
        now, registration_id = self._clock(), self._new_id()
        origin = Origin(current_account(), reference)
        async with accounted(self._database, now) as tx:
            first = await claim(tx, self._seal, request_id, digest, registration_id, now)
            if first:
                return first
            entered = await enter(
                tx, registration_id, application, self._seal, origin, self._new_id, now
            )
            await duplicates.find(
                tx, [entered.person_id], Occasion.REGISTRATION, self._new_id, now
            )
            await occupancy.announce(tx, [application.dwelling_id], now)
        self._relay.wake()
        return registration_id

    async def end(
        self, registration_id: UUID, ended_on: date, request_id: str, digest: bytes
    ) -> None:
        """End a registration from a day on.

        A repeat of the request changes nothing. Raises what `end` raises, or RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request_id, digest, registration_id, now):
                return
            await end(tx, registration_id, ended_on, now)
        self._relay.wake()

    async def correct(
        self, registration_id: UUID, correction: Correction, request: Request
    ) -> UUID:
        """Enter a registration in the place of a wrong one; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises RegistrationNotFoundError,
        EntrySupersededError, PermanentResidenceExistsError, TemporaryResidenceExistsError,
        HouseholdMembershipExistsError, HouseholderExistsError, FieldInvalidError, or RequestIdReusedError.
        """
        now, new_id = self._clock(), self._new_id()
        origin = Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(tx, self._seal, request.request_id, request.digest, new_id, now)
            if first:
                return first
            wrong = await _load_current(tx, registration_id)
            limit = await residence.temporary_limit(tx, correction.term.valid_from)
            concerns(await persons.index_of(tx, wrong.person_id))
            correction.term.check(wrong.kind, limit)
            await check_beginning(tx, "valid_from", correction.term.valid_from, ward_day(now))
            person = await persons.lock_by_id(tx, wrong.person_id)
            correction.term.check_birth(person.birth_date)
            correction.check(ward_day(now))
            await residence.correct_registration(tx, wrong, correction, new_id, origin, now)
            members = await households.of_registration(tx, registration_id)
            fitting = fitted(members, correction.lasts, new_id)
            await households.replace_with(tx, members, fitting, origin, self._new_id, now)
            await occupancy.announce(tx, [wrong.dwelling_id], now)
        self._relay.wake()
        return new_id

    async def annul(self, registration_id: UUID, request: Request) -> None:
        """Record that a registration should never have been.

        A repeat of the request changes nothing. Raises what `annul` raises, or RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(
                tx, self._seal, request.request_id, request.digest, registration_id, now
            ):
                return
            await annul(tx, registration_id, now)
        self._relay.wake()


async def enter(
    tx: Transaction,
    registration_id: UUID,
    application: ResidenceApplication,
    seal: NumberSeal,
    origin: Origin,
    new_id: NewId,
    now: datetime,
) -> Registration:
    """Enter a decided registration with its person and household.

    What counts in the dwelling is yet to be announced, and the person yet to be compared with others. Raises
    DwellingNotFoundError, IdentityMismatchError, PermanentResidenceExistsError, TemporaryResidenceExistsError,
    HouseholdNotFoundError, HouseholderExistsError, or FieldInvalidError for the term.
    """
    term, dwelling_id = application.term, application.dwelling_id
    application.check_term(await residence.temporary_limit(tx, ward_day(now)))
    await check_beginning(tx, "valid_from", term.valid_from, ward_day(now))
    await occupancy.lock_dwelling(tx, dwelling_id)
    # Before the person: a household that is none must be refused alike whoever has the number.
    household_id, relationship = await households.found_or_join(
        tx, dwelling_id, application.household, term, new_id(), now
    )
    person_id = await residence.find_or_enter_person(tx, application, seal, new_id(), now)
    registration = Registration(
        registration_id,
        term,
        ended_on=None,
        superseded=False,
        kind=application.kind,
        person_id=person_id,
        dwelling_id=dwelling_id,
        household_id=household_id,
    )
    await residence.add_registration(tx, registration, origin, now)
    joined_as = standing(registration, relationship, application.household.headship)
    await households.join(tx, registration, joined_as, origin, new_id, now)
    return registration


async def end(tx: Transaction, registration_id: UUID, ended_on: date, now: datetime) -> None:
    """End a registration from a day on, with the household membership it came with, and publish the new counts.

    Raises RegistrationNotFoundError, RegistrationAlreadyEndedError, EntrySupersededError, or FieldInvalidError for
    the day.
    """
    registration = await residence.load_registration(tx, registration_id)
    concerns(await persons.index_of(tx, registration.person_id))
    registration.check_end(ended_on, ward_day(now))
    await residence.end_registration(tx, registration_id, ended_on, now)
    members = await households.of_registration(tx, registration_id)
    await households.leave(tx, members, ended_on, now)
    await occupancy.announce(tx, [registration.dwelling_id], now)


async def annul(tx: Transaction, registration_id: UUID, now: datetime) -> None:
    """Record that a registration and its household membership should never have been, and publish the new counts.

    Raises RegistrationNotFoundError or EntrySupersededError.
    """
    wrong = await _load_current(tx, registration_id)
    concerns(await persons.index_of(tx, wrong.person_id))
    await residence.annul_registration(tx, registration_id, now)
    members = await households.of_registration(tx, registration_id)
    await households.leave(tx, members, date.min, now)
    await occupancy.announce(tx, [wrong.dwelling_id], now)


async def _load_current(tx: Transaction, registration_id: UUID) -> Registration:
    registration = await residence.load_registration(tx, registration_id)
    registration.check_current()
    return registration
