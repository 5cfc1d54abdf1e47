"""Households: rearranged under a householder, and split."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from residency.domain.persons.sealing import NumberSeal
from residency.domain.requests import Request
from residency.domain.residence.households import NamedMembers, NotAMemberError, Rearrangement
from residency.domain.residence.registrations import Origin, PersonNotRegisteredError
from residency.operations.account import concerns
from residency.operations.requests import claim
from residency.repository import households as repository
from residency.repository import occupancy, persons
from residency.repository.households import NewId
from residency.repository.limits import check_beginning


class HouseholdOperations:
    """Changes who belongs to which household, and as what; people stay in their dwelling, so no counts change."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        seal: NumberSeal,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._new_id = new_id

    async def rearrange(self, named: NamedMembers, request: Request) -> None:
        """Say anew, from a day on, who is what in a household.

        A repeat of the request changes nothing. Raises what `rearrange` raises, or RequestIdReusedError.
        """
        now, origin = self._clock(), Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            if await claim(
                tx, self._seal, request.request_id, request.digest, named.household_id, now
            ):
                return
            await rearrange(tx, named, self._seal, origin, self._new_id, now)

    async def split(self, named: NamedMembers, request: Request) -> UUID:
        """Have members form a household of their own from a day on; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises as `rearrange` does.
        """
        now, new_household = self._clock(), self._new_id()
        origin = Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(
                tx, self._seal, request.request_id, request.digest, new_household, now
            )
            if first:
                return first
            await split(tx, named, new_household, self._seal, origin, self._new_id, now)
        return new_household


async def rearrange(
    tx: Transaction,
    named: NamedMembers,
    seal: NumberSeal,
    origin: Origin,
    new_id: NewId,
    now: datetime,
) -> None:
    """Say anew, from a day on, who is what in a household.

    Raises HouseholdNotFoundError, NotAMemberError, or FieldInvalidError.
    """
    arranged = await _load(tx, named, seal, now)
    members = await repository.members_from(tx, named.household_id, named.valid_from)
    changed = arranged.of_household(members)
    await repository.change_from(tx, members, changed, named.valid_from, origin, new_id, now)


async def split(
    tx: Transaction,
    named: NamedMembers,
    new_household: UUID,
    seal: NumberSeal,
    origin: Origin,
    new_id: NewId,
    now: datetime,
) -> None:
    """Have members form a household of their own, with this id, from a day on; raises as `rearrange` does."""
    arranged = await _load(tx, named, seal, now)
    members = await repository.members_from(tx, named.household_id, named.valid_from)
    leaving = arranged.split_off(members, new_household)
    dwelling_id = await repository.dwelling_of(tx, named.household_id)
    await repository.add(tx, new_household, dwelling_id, now)
    await repository.change_from(tx, members, leaving, named.valid_from, origin, new_id, now)


async def _load(
    tx: Transaction, named: NamedMembers, seal: NumberSeal, now: datetime
) -> Rearrangement:
    """Lock the household's dwelling and the named persons."""
    await check_beginning(tx, "valid_from", named.valid_from, ward_day(now))
    await occupancy.lock_dwelling(tx, await repository.dwelling_of(tx, named.household_id))
    by_index = {
        seal.blind_index(number): relationship for number, relationship in named.members.items()
    }
    concerns(*by_index)
    try:
        relationships = {
            (await persons.find(tx, index)).person_id: by_index[index]
            for index in sorted(by_index)
        }
    except PersonNotRegisteredError:
        # Nobody's number is answered like that of somebody who is no member.
        raise NotAMemberError from None
    return Rearrangement(named.household_id, relationships, named.valid_from)
