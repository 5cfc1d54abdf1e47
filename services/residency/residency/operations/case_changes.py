"""What an approved case enters into the register, and how that is annulled; always within the case's transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.clock import ward_day
from chassis.database import Transaction
from residency.domain.cases import Case
from residency.domain.declarations import (
    Deregistration,
    NewResidence,
    Renewal,
    ResidenceDeclaration,
    application_of,
)
from residency.domain.residence import Registration, ResidenceKind
from residency.domain.sealing import NumberSeal
from residency.repository import cases, occupancy, residence


class CaseChanges:
    """Enters what declarations ask for, and annuls it. Locks are taken in one order: case, dwelling, person."""

    def __init__(self, numbers: NumberSeal, new_id: Callable[[], UUID]) -> None:
        self._numbers = numbers
        self._new_id = new_id

    async def enter(
        self, tx: Transaction, case: Case, declaration: ResidenceDeclaration, now: datetime
    ) -> None:
        """Enter the change and publish the dwelling's new counts; raises what the register refuses."""
        match declaration.change:
            case NewResidence() as change:
                await self._register(tx, case, declaration, change, now)
            case Renewal() as change:
                await self._renew(tx, case, declaration, change, now)
            case Deregistration() as change:
                await self._end(tx, declaration, change, now)

    async def annul(self, tx: Transaction, case: Case, now: datetime) -> None:
        """Annul the registrations that a case entered and publish the dwellings' new counts."""
        for registration_id in await cases.linked(tx, case):
            registration = await residence.load_registration_to_end(tx, registration_id)
            await residence.end_registration(
                tx, registration_id, registration.term.valid_from, now
            )
            await occupancy.announce(tx, [registration.dwelling_id], now)

    async def _register(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: NewResidence,
        now: datetime,
    ) -> None:
        limit = await residence.temporary_limit(tx, ward_day(now))
        change.term.check(change.kind, limit)
        await occupancy.lock_dwelling(tx, change.dwelling_id)
        for person in declaration.persons:
            application = application_of(person, change)
            person_id = await residence.find_or_enter_person(
                tx, application, self._numbers, self._new_id(), now
            )
            household_id = await residence.join_household(
                tx, change.dwelling_id, person_id, self._new_id(), now
            )
            registration_id = self._new_id()
            await residence.add_registration(
                tx, registration_id, application, person_id, household_id, now
            )
            await cases.link(tx, case, registration_id)
        await occupancy.announce(tx, [change.dwelling_id], now)

    async def _renew(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: Renewal,
        now: datetime,
    ) -> None:
        registration = await self._load_declared(tx, declaration, change.registration_id)
        window = await cases.limit(tx, "renewal_window", ward_day(now))
        asked_on = ward_day(case.submitted_at or now)
        next_term = change.next_term(registration, asked_on, window)
        renewed = NewResidence(ResidenceKind.TEMPORARY, registration.dwelling_id, next_term)
        await self._register(tx, case, declaration, renewed, now)

    async def _end(
        self,
        tx: Transaction,
        declaration: ResidenceDeclaration,
        change: Deregistration,
        now: datetime,
    ) -> None:
        registration = await self._load_declared(tx, declaration, change.registration_id)
        registration.check_end(change.ended_on, ward_day(now))
        await residence.end_registration(tx, change.registration_id, change.ended_on, now)
        await occupancy.announce(tx, [registration.dwelling_id], now)

    async def _load_declared(
        self, tx: Transaction, declaration: ResidenceDeclaration, registration_id: UUID
    ) -> Registration:
        """Load a registration of one of the declared persons; raises RegistrationNotFoundError."""
        registration = await residence.load_registration_to_end(tx, registration_id)
        declared = [self._numbers.blind_index(person.number) for person in declaration.persons]
        await cases.check_declared(tx, registration, declared)
        return registration
