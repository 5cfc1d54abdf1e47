"""Needs of assistance: declared, renewed and withdrawn."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.requests import Request
from residency.domain.residence.assistance import Need, NeedStatement
from residency.domain.residence.occupancy import Assistance
from residency.domain.residence.registrations import Origin
from residency.operations.account import concerns
from residency.operations.requests import claim
from residency.repository import assistance as repository
from residency.repository import occupancy, persons


class AssistanceOperations:
    """Changes needs; what changes counts is published for wherever the person is."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        particulars: ParticularsSeal,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._particulars = particulars
        self._new_id = new_id

    async def declare(
        self,
        number: PersonalIdNumber,
        need_type: Assistance,
        statement: NeedStatement,
        request: Request,
    ) -> UUID:
        """Enter a need of a person of the register, from today on; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises PersonNotRegisteredError,
        AssistanceNeedExistsError, FieldInvalidError, or RequestIdReusedError.
        """
        now, need_id = self._clock(), self._new_id()
        today, origin = ward_day(now), Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(tx, self._seal, request.request_id, request.digest, need_id, now)
            if first:
                return first
            (await repository.review_limit(tx, today)).check(statement.review_on, today)
            person, homes = await repository.lock_person(tx, self._seal.blind_index(number))
            need = Need(need_id, person.person_id, need_type, today)
            await repository.add(tx, need, statement, origin, now, self._particulars)
            await occupancy.announce(tx, homes, now)
        self._relay.wake()
        return need_id

    async def renew(self, need_id: UUID, statement: NeedStatement, request: Request) -> UUID:
        """Say a need again, in an entry that takes its place; counts stay as they are. Tell its id.

        A repeat of the request tells the first id and changes nothing. Raises AssistanceNeedNotFoundError,
        AssistanceNeedWithdrawnError, EntrySupersededError, FieldInvalidError, or RequestIdReusedError.
        """
        now, new_id = self._clock(), self._new_id()
        today, origin = ward_day(now), Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(tx, self._seal, request.request_id, request.digest, new_id, now)
            if first:
                return first
            (await repository.review_limit(tx, today)).check(statement.review_on, today)
            was, _ = await repository.load(tx, need_id)
            concerns(await persons.index_of(tx, was.person_id))
            was.check_current()
            await repository.supersede(tx, need_id, now)
            need = Need(new_id, was.person_id, was.type, was.valid_from)
            await repository.add(
                tx, need, statement, origin, now, self._particulars, corrects=need_id
            )
        return new_id

    async def withdraw(self, need_id: UUID, request: Request) -> None:
        """Record that a need counts no longer, from today on.

        A repeat of the request changes nothing. Raises AssistanceNeedNotFoundError,
        AssistanceNeedWithdrawnError, EntrySupersededError, or RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request.request_id, request.digest, need_id, now):
                return
            need, homes = await repository.load(tx, need_id)
            concerns(await persons.index_of(tx, need.person_id))
            need.check_current()
            await repository.withdraw(tx, need_id, ward_day(now), now)
            await occupancy.announce(tx, homes, now)
        self._relay.wake()


async def withdraw_consented(tx: Transaction, person_id: UUID, now: datetime) -> int:
    """Have the needs of a person count no longer that are kept on no law; tell how many, and publish new counts.

    The id may be that of a record that was merged into another since.
    """
    index = await persons.index_of(tx, person_id)
    person, homes = await repository.lock_person(tx, index)
    consented = await repository.on_no_law(tx, person.person_id)
    for need_id in consented:
        await repository.withdraw(tx, need_id, ward_day(now), now)
    if consented:
        await occupancy.announce(tx, homes, now)
    return len(consented)
