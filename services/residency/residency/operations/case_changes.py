"""What an approved case enters into the register, and how that is annulled; always within the case's transaction."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from chassis.clock import ward_day
from chassis.context import current_account
from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from chassis.storage.database import Transaction
from residency.domain.cases.declarations import (
    ChangeOfInformation,
    Deregistration,
    GuestStays,
    HouseholdSplit,
    NewResidence,
    Renewal,
    ResidenceDeclaration,
    TemporaryAbsence,
    application_of,
)
from residency.domain.cases.machine import Case
from residency.domain.duplicates import Occasion
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.residence.households import HOUSEHOLDER
from residency.domain.residence.registrations import (
    HouseholdChoice,
    Origin,
    Registration,
    ResidenceKind,
)
from residency.domain.spelling import same_spelling
from residency.operations import duplicates
from residency.operations.case_households import HouseholdChanges
from residency.operations.case_stays import StayChanges
from residency.operations.residence import annul, end, enter
from residency.repository import cases, households, occupancy, persons, residence
from residency.repository.limits import limit_in_force
from residency.tables import registrations


class CaseChanges:
    """Enters what declarations ask for, and annuls it.

    Locks are taken in one order: case, all dwellings, all persons. So whatever is locked for one person on the way is
    locked already, in whichever order persons are declared.
    """

    def __init__(
        self, numbers: NumberSeal, particulars: ParticularsSeal, new_id: Callable[[], UUID]
    ) -> None:
        self._numbers = numbers
        self._new_id = new_id
        self._households = HouseholdChanges(numbers, new_id)
        self._stays = StayChanges(numbers, particulars, new_id)

    async def check(self, tx: Transaction, declaration: ResidenceDeclaration) -> None:
        """Refuse what is wrong with a declaration by itself, before it takes its way; raises FieldInvalidError."""
        await self._households.check(tx, declaration)

    async def enter(
        self, tx: Transaction, case: Case, declaration: ResidenceDeclaration, now: datetime
    ) -> None:
        """Enter the change with the declarant's contact and publish new counts; raises what the register refuses."""
        await self._lock(tx, declaration)
        match declaration.change:
            case NewResidence() as change:
                await self._register(tx, case, declaration, change, None, now)
            case Renewal() as change:
                await self._renew(tx, case, declaration, change, now)
            case Deregistration() as change:
                await self._load_declared(tx, declaration, change.registration_id)
                await end(tx, change.registration_id, change.ended_on, now)
            case HouseholdSplit() as change:
                await self._households.split(tx, case, declaration, change, now)
            case ChangeOfInformation() as change:
                await self._households.inform(tx, case, declaration, change, now)
            case GuestStays() as change:
                await self._stays.lodge(tx, case, change, now)
            case TemporaryAbsence() as change:
                await self._stays.absent(tx, case, declaration, change, now)
        declarant = self._numbers.blind_index(declaration.declarant.number)
        await persons.take_contact(tx, declarant, declaration.contact, self._numbers)

    async def annul(
        self, tx: Transaction, case: Case, declaration: ResidenceDeclaration, now: datetime
    ) -> None:
        """Annul what a case entered and publish the dwellings' new counts."""
        await self._lock(tx, declaration)
        for registration_id in await cases.linked(tx, case, registrations):
            await annul(tx, registration_id, now)
        await self._stays.annul(tx, case, now)

    async def _lock(self, tx: Transaction, declaration: ResidenceDeclaration) -> None:
        """Lock the dwellings that are declared or where the declared are, and then these."""
        indexes = [self._numbers.document_index(one) for one in declaration.documents]
        there = await persons.whereabouts_of(tx, *indexes)
        await occupancy.lock_dwellings(tx, [*there, *declaration.dwelling_ids])
        await persons.lock_all(tx, indexes)

    async def _register(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: NewResidence,
        household_id: UUID | None,
        now: datetime,
    ) -> None:
        """Register all who are declared, in one household: the given one, or the one that is declared.

        What a declaration calls them to the householder is taken over where the circular knows it.
        """
        origin = Origin(current_account(), case.case_number)
        by_name = await households.codes_by_name(tx)
        codes = {same_spelling(name): code for name, code in by_name.items()}
        household = HouseholdChoice(household_id)
        if household_id is None:
            household = await self._declared_household(tx, declaration, change, codes)
        await self._enter_persons(tx, declaration, change, now)
        entered = []
        for person in declaration.householder_first:
            heads = person.number == declaration.householder_number
            relationship = HOUSEHOLDER if heads else codes.get(same_spelling(person.relationship))
            application = application_of(
                person, change, replace(household, relationship=relationship)
            )
            registration = await enter(
                tx, self._new_id(), application, self._numbers, origin, self._new_id, now
            )
            household = HouseholdChoice(registration.household_id)
            entered.append(registration.person_id)
            await cases.link(tx, case, registrations, registration.entry_id)
        await duplicates.find(tx, entered, Occasion.REGISTRATION, self._new_id, now)
        await occupancy.announce(tx, [change.dwelling_id], now)

    async def _declared_household(
        self,
        tx: Transaction,
        declaration: ResidenceDeclaration,
        change: NewResidence,
        codes: Mapping[str, str],
    ) -> HouseholdChoice:
        """Choose the household of the householder who is declared.

        It is a new one where that is one of the declared who heads none there, and the dwelling's where nobody is
        declared. Raises FieldInvalidError if somebody else is who does not head one there on the first day.
        """
        householder = declaration.householder_number
        declarant = codes.get(same_spelling(declaration.declarant.relationship))
        if householder is None and declarant == HOUSEHOLDER:
            householder = declaration.declarant.number
        if householder is None:
            return HouseholdChoice()
        index, first_day = self._numbers.blind_index(householder), change.term.valid_from
        headed = await households.headed_in_dwelling(tx, index, change.dwelling_id, first_day)
        if headed is not None:
            return HouseholdChoice(headed)
        if householder in {person.number for person in declaration.persons}:
            return HouseholdChoice(founds=True)
        rule = Rule(
            "số của chủ hộ một hộ trong căn hộ, vào ngày đầu tiên",
            "of the householder of a household in the dwelling, on the first day",
        )
        raise FieldInvalidError("householder_personal_id_number", rule)

    async def _enter_persons(
        self,
        tx: Transaction,
        declaration: ResidenceDeclaration,
        change: NewResidence,
        now: datetime,
    ) -> None:
        """Enter whom the register does not know, in the order in which others enter them too."""
        applications = [
            application_of(one, change, HouseholdChoice()) for one in declaration.persons
        ]
        for one in sorted(applications, key=lambda one: self._numbers.blind_index(one.number)):
            await residence.find_or_enter_person(tx, one, self._numbers, self._new_id(), now)

    async def _renew(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: Renewal,
        now: datetime,
    ) -> None:
        """Register for the further term, in the household to which the person belonged at the end of this one."""
        registration = await self._load_declared(tx, declaration, change.registration_id)
        window = await limit_in_force(tx, "renewal_window", ward_day(now))
        asked_on = ward_day(case.submitted_at or now)
        next_term = change.next_term(registration, asked_on, window)
        renewed = NewResidence(ResidenceKind.TEMPORARY, registration.dwelling_id, next_term)
        members = await households.of_registration(tx, registration.entry_id)
        household_id = members[-1].household_id if members else registration.household_id
        await self._register(tx, case, declaration, renewed, household_id, now)

    async def _load_declared(
        self, tx: Transaction, declaration: ResidenceDeclaration, registration_id: UUID
    ) -> Registration:
        """Load a registration of one of the declared persons; raises RegistrationNotFoundError."""
        registration = await residence.load_registration(tx, registration_id)
        declared = [self._numbers.blind_index(person.number) for person in declaration.persons]
        await cases.check_declared(tx, registration, declared)
        return registration
