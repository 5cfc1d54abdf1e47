"""Temporary absences: declared, corrected, ended and annulled."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.requests import Request
from residency.domain.residence.absences import (
    AbsenceContent,
    AbsenceCorrection,
    AbsenceDeclaration,
)
from residency.domain.residence.registrations import Origin
from residency.domain.residence.stays import Receipt
from residency.operations.account import concerns
from residency.operations.requests import claim
from residency.repository import absences as repository
from residency.repository import entries, occupancy, persons
from residency.repository.limits import check_beginning


class AbsenceOperations:
    """Changes absences; each change publishes the new counts of wherever the person is registered."""

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
        self, declared: AbsenceDeclaration, receipt: Receipt, request: Request
    ) -> UUID:
        """Enter an absence; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises PersonNotRegisteredError,
        StayOverlapsError, FieldInvalidError, or RequestIdReusedError.
        """
        now, absence_id = self._clock(), self._new_id()
        origin = Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(
                tx, self._seal, request.request_id, request.digest, absence_id, now
            )
            if first:
                return first
            await enter(
                tx, absence_id, declared, receipt, origin, self._seal, self._particulars, now
            )
        self._relay.wake()
        return absence_id

    async def correct(
        self, absence_id: UUID, correction: AbsenceCorrection, request: Request
    ) -> UUID:
        """Enter an absence in the place of a wrong one, received when that was; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises StayNotFoundError,
        EntrySupersededError, and as `declare` does.
        """
        now, new_id = self._clock(), self._new_id()
        origin = Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(tx, self._seal, request.request_id, request.digest, new_id, now)
            if first:
                return first
            await _check(tx, correction.content, ward_day(now))
            correction.times.check(ward_day(now))
            wrong, homes = await repository.load(tx, absence_id)
            concerns(await persons.index_of(tx, wrong.person_id))
            wrong.check_current()
            absent = await persons.lock_by_id(tx, wrong.person_id)
            correction.content.term.check_birth(absent.birth_date)
            await repository.annul(tx, absence_id, now)
            times = entries.corrected(correction.times, absence_id, origin, now)
            await repository.add(
                tx,
                new_id,
                wrong.person_id,
                correction.content,
                wrong.receipt,
                times,
                self._particulars,
            )
            await occupancy.announce(tx, homes, now)
        self._relay.wake()
        return new_id

    async def end(self, absence_id: UUID, ended_on: date, request: Request) -> None:
        """Record that a person came back.

        A repeat of the request changes nothing. Raises StayNotFoundError, StayAlreadyEndedError,
        EntrySupersededError, FieldInvalidError for the day, or RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request.request_id, request.digest, absence_id, now):
                return
            absence, homes = await repository.load(tx, absence_id)
            concerns(await persons.index_of(tx, absence.person_id))
            absence.check_end(ended_on, ward_day(now))
            await repository.end(tx, absence_id, ended_on, now)
            await occupancy.announce(tx, homes, now)
        self._relay.wake()

    async def annul(self, absence_id: UUID, request: Request) -> None:
        """Record that a person was never absent as declared.

        A repeat of the request changes nothing. Raises StayNotFoundError, EntrySupersededError, or
        RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request.request_id, request.digest, absence_id, now):
                return
            await annul(tx, absence_id, now)
        self._relay.wake()


async def enter(
    tx: Transaction,
    absence_id: UUID,
    declared: AbsenceDeclaration,
    receipt: Receipt,
    origin: Origin,
    seal: NumberSeal,
    particulars: ParticularsSeal,
    now: datetime,
) -> None:
    """Enter an absence and publish the new counts of wherever the person is registered.

    Raises PersonNotRegisteredError, StayOverlapsError, or FieldInvalidError.
    """
    content = declared.content
    await _check(tx, content, ward_day(now))
    person, homes = await repository.lock_person(tx, seal.blind_index(declared.number))
    content.term.check_birth(person.birth_date)
    times = entries.times(content.term, origin, now)
    await repository.add(tx, absence_id, person.person_id, content, receipt, times, particulars)
    await occupancy.announce(tx, homes, now)


async def annul(tx: Transaction, absence_id: UUID, now: datetime) -> None:
    """Record that a person was never absent as declared, and publish the new counts.

    Raises StayNotFoundError or EntrySupersededError.
    """
    absence, homes = await repository.load(tx, absence_id)
    concerns(await persons.index_of(tx, absence.person_id))
    absence.check_current()
    await repository.annul(tx, absence_id, now)
    await occupancy.announce(tx, homes, now)


async def _check(tx: Transaction, content: AbsenceContent, today: date) -> None:
    await check_beginning(tx, "valid_from", content.term.valid_from, today)
    limits = await repository.limits_on(tx, content.term.valid_from)
    limits.check(content)
