"""What an approved case enters into the register, and how that is annulled; always within the case's transaction."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
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
    told_at,
)
from residency.domain.cases.machine import Case
from residency.domain.duplicates import Occasion
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.residence.households import HOUSEHOLDER, continued
from residency.domain.residence.registrations import (
    HouseholdChoice,
    Origin,
    Registration,
    ResidenceKind,
    Term,
)
from residency.domain.spelling import same_spelling
from residency.operations import duplicates
from residency.operations.case_households import HouseholdChanges
from residency.operations.case_stays import StayChanges
from residency.operations.residence import annul, end, enter
from residency.repository import cases, households, occupancy, persons, residence
from residency.repository.limits import check_beginning, limit_in_force
from residency.tables import registrations

_HOUSEHOLDER_NUMBER = "declaration.householder_personal_id_number"
_ONE_HOUSEHOLDER = Rule(
    "chỉ một người ghi «chủ hộ», trùng với số của chủ hộ nếu có nêu số",
    "«chủ hộ» for one person only, whose number is the householder's where that is given",
)
_BELONGS_TO_NO_OTHER = Rule(
    "số của người không thuộc hộ nào khác vào ngày đầu tiên; ai còn thuộc hộ khác thì xóa đăng ký ở đó trước, hoặc tách"
    " hộ nếu ở cùng căn hộ",
    "of somebody who belongs to no other household on the first day; who does is deregistered there first, or splits"
    " off where it is of the same dwelling",
)
_HEADS_THE_HOUSEHOLD = Rule(
    "số của chủ hộ của chính hộ này vào ngày đầu của thời hạn mới; nếu chủ hộ cũng hết hạn thì gia hạn cho chủ hộ trước"
    " hoặc cùng lúc, nếu đổi chủ hộ thì điều chỉnh thông tin trước",
    "of the householder of this very household on the first day of the new term; a householder whose term runs out too"
    " is renewed first or with it, and another one is made by a change of information first",
)


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

    async def check(self, tx: Transaction, declaration: ResidenceDeclaration, today: date) -> None:
        """Refuse what is wrong with a declaration by itself, before it takes its way.

        Raises FieldInvalidError, DwellingNotFoundError, StayOverlapsError, or LodgingTooLongError.
        """
        change = declaration.change
        if isinstance(change, NewResidence):
            limit = await residence.temporary_limit(tx, today)
            with told_at(declaration.place_of_change):
                change.term.check(change.kind, limit)
        if isinstance(change, NewResidence | Renewal):
            await self._relationships(tx, declaration)
        for field, first_day in declaration.first_days:
            await check_beginning(tx, field, first_day, today)
        await occupancy.check_dwellings(tx, declaration.dwelling_ids)
        await self._households.check(tx, declaration)
        await self._stays.check(tx, declaration)

    async def check_handed_in(
        self, tx: Transaction, declaration: ResidenceDeclaration, on: date, today: date
    ) -> None:
        """Refuse what is handed in on a day and could not be entered then, before officers take it up.

        Raises what `check` raises; of a registration that is to be renewed or ended also RegistrationNotFoundError,
        RegistrationAlreadyEndedError, EntrySupersededError, or RenewalNotOpenError.
        """
        await self.check(tx, declaration, today)
        change = declaration.change
        if isinstance(change, Renewal):
            await self._next_term(tx, declaration, change, on, today)
        if isinstance(change, Deregistration):
            ending = await self._load_declared(tx, declaration, change.registration_id)
            with told_at(declaration.place_of_change):
                ending.check_end_to_come(change.ended_on)

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
                with told_at(declaration.place_of_change):
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
        household: HouseholdChoice | None,
        now: datetime,
    ) -> PersonalIdNumber | None:
        """Register all who are declared, in one household: the given one, or the one that is declared.

        What a declaration calls them to the householder is taken over where the circular knows it, and told. Who heads
        the given household goes on to do so unless somebody is declared as the householder. Raises FieldInvalidError if
        who is declared as the householder of a new one belongs to another when it begins: it would be headless.
        """
        origin = Origin(current_account(), case.case_number)
        relationships = await self._relationships(tx, declaration)
        householder = _householder(declaration, relationships)
        if household is None:
            household = await self._declared_household(tx, declaration, change, householder)
        founds = household.founds
        if householder in relationships:
            household = replace(household, headship=None)
        in_order = declaration.led_by(householder)
        await self._enter_persons(tx, declaration, change, now)
        entered = []
        for person in in_order:
            joining = replace(household, relationship=relationships[person.number])
            application = application_of(person, change, joining)
            with told_at(declaration.place_of(person)):
                registration = await enter(
                    tx, self._new_id(), application, self._numbers, origin, self._new_id, now
                )
            household = replace(household, household_id=registration.household_id, founds=False)
            entered.append(registration)
            await cases.link(tx, case, registrations, registration.entry_id)
        if founds:
            founder, founded = in_order[0].number, entered[0].household_id
            await self._check_householder(tx, founder, change, founded, _BELONGS_TO_NO_OTHER)
        people = [one.person_id for one in entered]
        await duplicates.find(tx, people, Occasion.REGISTRATION, self._new_id, now)
        await occupancy.announce(tx, [change.dwelling_id], now)
        return householder

    async def _relationships(
        self, tx: Transaction, declaration: ResidenceDeclaration
    ) -> dict[PersonalIdNumber, str | None]:
        """Read what each who is declared is to the householder; None where the circular does not know it.

        Raises FieldInvalidError where several are declared as the householder, whom no household has.
        """
        by_name = await households.codes_by_name(tx)
        codes = {same_spelling(name): code for name, code in by_name.items()}
        said = {
            one.number: codes.get(same_spelling(one.relationship)) for one in declaration.persons
        }
        householder = declaration.householder_number
        called = [one for one in declaration.persons if said[one.number] == HOUSEHOLDER]
        for one in called:
            if one.number != (householder or called[0].number):
                place = declaration.place_of(one)
                raise FieldInvalidError(f"{place}.relationship_to_householder", _ONE_HOUSEHOLDER)
        return said | {householder: HOUSEHOLDER} if householder in said else said

    async def _declared_household(
        self,
        tx: Transaction,
        declaration: ResidenceDeclaration,
        change: NewResidence,
        householder: PersonalIdNumber | None,
    ) -> HouseholdChoice:
        """Choose the household of the householder who is declared.

        It is a new one where that is one of the declared who heads none there, and the dwelling's where nobody is
        declared. Raises FieldInvalidError if somebody else is who does not head one there on the first day.
        """
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
        raise FieldInvalidError(_HOUSEHOLDER_NUMBER, rule)

    async def _enter_persons(
        self,
        tx: Transaction,
        declaration: ResidenceDeclaration,
        change: NewResidence,
        now: datetime,
    ) -> None:
        """Enter whom the register does not know, in the order in which others enter them too."""
        for one in sorted(
            declaration.persons, key=lambda one: self._numbers.blind_index(one.number)
        ):
            application = application_of(one, change, HouseholdChoice())
            with told_at(declaration.place_of(one)):
                await residence.find_or_enter_person(
                    tx, application, self._numbers, self._new_id(), now
                )

    async def _renew(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: Renewal,
        now: datetime,
    ) -> None:
        """Register for the further term, in the household to which the person belonged at the end of this one.

        Whoever headed it then goes on to do so, until somebody else does or is declared to. Raises FieldInvalidError
        if a householder is declared who then does not head it when the further term begins.
        """
        asked_on = ward_day(case.submitted_at or now)
        registration, next_term = await self._next_term(
            tx, declaration, change, asked_on, ward_day(now)
        )
        renewed = NewResidence(ResidenceKind.TEMPORARY, registration.dwelling_id, next_term)
        members = await households.of_registration(tx, registration.entry_id)
        household_id = members[-1].household_id if members else registration.household_id
        day_before = next_term.valid_from - timedelta(days=1)
        lived_in = await households.members_from(tx, household_id, day_before)
        household = HouseholdChoice(household_id, headship=continued(lived_in, next_term))
        householder = await self._register(tx, case, declaration, renewed, household, now)
        if householder:
            await self._check_householder(
                tx, householder, renewed, household_id, _HEADS_THE_HOUSEHOLD
            )

    async def _next_term(
        self,
        tx: Transaction,
        declaration: ResidenceDeclaration,
        change: Renewal,
        asked_on: date,
        today: date,
    ) -> tuple[Registration, Term]:
        """Tell what is renewed and the further term; raises as `check_handed_in` does of a renewal."""
        registration = await self._load_declared(tx, declaration, change.registration_id)
        window = await limit_in_force(tx, "renewal_window", today)
        next_term = change.next_term(registration, asked_on, window)
        limit = await residence.temporary_limit(tx, today)
        with told_at(declaration.place_of_change):
            next_term.check(ResidenceKind.TEMPORARY, limit)
        return registration, next_term

    async def _check_householder(
        self,
        tx: Transaction,
        declared: PersonalIdNumber,
        entered: NewResidence,
        household_id: UUID,
        rule: Rule,
    ) -> None:
        """Refuse a householder who was declared and, as it is entered, does not head the household on the first day."""
        index, first_day = self._numbers.blind_index(declared), entered.term.valid_from
        headed = await households.headed_in_dwelling(tx, index, entered.dwelling_id, first_day)
        if headed != household_id:
            raise FieldInvalidError(_HOUSEHOLDER_NUMBER, rule)

    async def _load_declared(
        self, tx: Transaction, declaration: ResidenceDeclaration, registration_id: UUID
    ) -> Registration:
        """Load a registration of one of the declared persons; raises RegistrationNotFoundError."""
        registration = await residence.load_registration(tx, registration_id)
        declared = [self._numbers.blind_index(person.number) for person in declaration.persons]
        await cases.check_declared(tx, registration, declared)
        return registration


def _householder(
    declaration: ResidenceDeclaration, relationships: Mapping[PersonalIdNumber, str | None]
) -> PersonalIdNumber | None:
    """Tell who is declared as the householder, by number or by what they are called; None where nobody is."""
    called = (one for one, as_what in relationships.items() if as_what == HOUSEHOLDER)
    return declaration.householder_number or next(called, None)
