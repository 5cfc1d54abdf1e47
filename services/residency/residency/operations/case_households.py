"""What an approved case changes of households and persons; always within the case's transaction."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from chassis.context import current_account
from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from chassis.storage.database import Transaction
from residency.domain.cases.declarations import (
    ChangeOfInformation,
    HouseholdSplit,
    ResidenceDeclaration,
    told_at,
)
from residency.domain.cases.machine import Case
from residency.domain.persons.identity import IdentityCorrection
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal
from residency.domain.residence.households import HOUSEHOLDER, NamedMembers
from residency.domain.residence.registrations import Origin
from residency.domain.spelling import same_spelling
from residency.operations.households import rearrange, split
from residency.operations.persons import correct
from residency.repository import households


class HouseholdChanges:
    """Splits households, and has the register say what is declared.

    Whoever calls has locked the dwellings and persons concerned, each in one order.
    """

    def __init__(self, numbers: NumberSeal, new_id: Callable[[], UUID]) -> None:
        self._numbers = numbers
        self._new_id = new_id

    async def check(self, tx: Transaction, declaration: ResidenceDeclaration) -> None:
        """Refuse relationships that could not be entered, as they are declared; raises FieldInvalidError."""
        change = declaration.change
        informs = isinstance(change, ChangeOfInformation) and change.new_householder_from
        if isinstance(change, HouseholdSplit) or informs:
            await self._relationships(tx, declaration)

    async def split(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: HouseholdSplit,
        now: datetime,
    ) -> None:
        """Have the declarant and the members form a household of their own.

        Raises NotAMemberError if they do not belong to one household, PersonNotRegisteredError, or FieldInvalidError.
        """
        named = await self._named(tx, declaration, change.valid_from)
        new_household, origin = self._new_id(), _origin(case)
        await split(tx, named, new_household, self._numbers, origin, self._new_id, now)

    async def inform(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: ChangeOfInformation,
        now: datetime,
    ) -> None:
        """Have the register say of persons what is declared, and who is the householder; raises as `split` does."""
        origin = _origin(case)
        if change.new_householder_from:
            named = await self._named(tx, declaration, change.new_householder_from)
            await rearrange(tx, named, self._numbers, origin, self._new_id, now)
        for person in declaration.persons:
            right = IdentityCorrection(
                number=None,
                full_name=person.full_name,
                birth_date=person.birth_date,
                sex=person.sex,
                nationality=None,
            )
            with told_at(declaration.place_of(person)):
                await correct(tx, person.number, right, self._numbers, origin, self._new_id, now)

    async def _named(
        self, tx: Transaction, declaration: ResidenceDeclaration, day: date
    ) -> NamedMembers:
        """Name the declarant, as householder, and the members of the declarant's household on a day."""
        named = await self._relationships(tx, declaration)
        index = self._numbers.blind_index(declaration.declarant.number)
        return NamedMembers(await households.of_person(tx, index, day), named, day)

    async def _relationships(
        self, tx: Transaction, declaration: ResidenceDeclaration
    ) -> dict[PersonalIdNumber, str]:
        """Read what each who is declared is to the declarant, the householder; raises FieldInvalidError."""
        by_name = await households.codes_by_name(tx)
        codes = {same_spelling(name): code for name, code in by_name.items()}
        named = {declaration.declarant.number: HOUSEHOLDER}
        for member in declaration.members:
            code = codes.get(same_spelling(member.relationship))
            if code in (None, HOUSEHOLDER) or member.number in named:
                raise FieldInvalidError(
                    f"{declaration.place_of(member)}.relationship_to_householder",
                    Rule(
                        "tên có trong ListHouseholdRelationships, trừ chủ hộ là người khai; mỗi thành viên một lần",
                        "a name of ListHouseholdRelationships, but the householder is the declarant; each member once",
                    ),
                )
            named[member.number] = code
        return named


def _origin(case: Case) -> Origin:
    return Origin(current_account(), case.case_number)
