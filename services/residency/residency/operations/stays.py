"""Guests' stays: declared, corrected, ended and annulled."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.requests import Request
from residency.domain.residence.registrations import Origin
from residency.domain.residence.stays import Receipt, StayCorrection, StayDeclaration, StayLimits
from residency.operations.account import concerns
from residency.operations.requests import claim
from residency.repository import entries, occupancy, persons
from residency.repository import stays as repository
from residency.repository.limits import check_beginning


class StayOperations:
    """Changes guests' stays; each change publishes the dwelling's new counts, which end by themselves."""

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

    async def declare(self, declared: StayDeclaration, receipt: Receipt, request: Request) -> UUID:
        """Enter a stay; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises DwellingNotFoundError,
        StayOverlapsError, LodgingTooLongError, FieldInvalidError, or RequestIdReusedError.
        """
        now, stay_id = self._clock(), self._new_id()
        origin = Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(tx, self._seal, request.request_id, request.digest, stay_id, now)
            if first:
                return first
            guest = self._seal.document_index(declared.guest.document)
            homes = await repository.lock_homes(tx, [guest], [declared.dwelling_id], ward_day(now))
            times = entries.times(declared.term, origin, now)
            await enter(tx, stay_id, declared, receipt, times, self._seal, self._particulars, now)
            await occupancy.announce(tx, homes, now)
        self._relay.wake()
        return stay_id

    async def correct(self, stay_id: UUID, correction: StayCorrection, request: Request) -> UUID:
        """Enter a stay in the place of a wrong one, received when that was; tell its id.

        A repeat of the request tells the first id and changes nothing. Raises StayNotFoundError,
        EntrySupersededError, and as `declare` does.
        """
        now, new_id, declared = self._clock(), self._new_id(), correction.declared
        origin = Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            first = await claim(tx, self._seal, request.request_id, request.digest, new_id, now)
            if first:
                return first
            today = ward_day(now)
            wrong, homes = await repository.load(tx, stay_id, today, declared.dwelling_id)
            concerns(wrong.guest_index)
            wrong.check_correction(declared)
            correction.times.check(today)
            await repository.annul(tx, stay_id, now)
            times = repository.corrected(correction, stay_id, origin, now)
            await enter(
                tx, new_id, declared, wrong.receipt, times, self._seal, self._particulars, now
            )
            await occupancy.announce(tx, homes, now)
        self._relay.wake()
        return new_id

    async def end(self, stay_id: UUID, ended_on: date, request: Request) -> None:
        """Record that a guest left before the declared day.

        A repeat of the request changes nothing. Raises StayNotFoundError, StayAlreadyEndedError,
        EntrySupersededError, FieldInvalidError for the day, or RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request.request_id, request.digest, stay_id, now):
                return
            today = ward_day(now)
            stay, homes = await repository.load(tx, stay_id, today)
            concerns(stay.guest_index)
            stay.check_end(ended_on, today)
            await repository.end(tx, stay_id, ended_on, now)
            await occupancy.announce(tx, homes, now)
        self._relay.wake()

    async def annul(self, stay_id: UUID, request: Request) -> None:
        """Record that a declared guest never came.

        A repeat of the request changes nothing. Raises StayNotFoundError, EntrySupersededError, or
        RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request.request_id, request.digest, stay_id, now):
                return
            await annul(tx, stay_id, now)
        self._relay.wake()


async def enter(
    tx: Transaction,
    stay_id: UUID,
    declared: StayDeclaration,
    receipt: Receipt,
    times: Mapping[str, Any],
    seal: NumberSeal,
    particulars: ParticularsSeal,
    now: datetime,
) -> None:
    """Check a stay against the limits in force and enter it; its dwelling is locked, and yet to be announced.

    Raises StayOverlapsError, LodgingTooLongError, or FieldInvalidError.
    """
    index = await persons.standing_index(tx, seal.document_index(declared.guest.document))
    declare_by = (await check(tx, declared, index, now)).declare_by(declared)
    await repository.add(tx, stay_id, declared, receipt, declare_by, times, index, particulars)


async def check(
    tx: Transaction, declared: StayDeclaration, index: bytes, now: datetime
) -> StayLimits:
    """Check a stay of a guest against the limits in force, and tell them; its dwelling is locked.

    Raises LodgingTooLongError or FieldInvalidError.
    """
    await check_beginning(tx, "arrives_at", declared.term.valid_from, ward_day(now))
    limits = await repository.limits_of(tx, declared)
    limits.check(declared, await repository.lodgings_there(tx, declared, index))
    return limits


async def annul(tx: Transaction, stay_id: UUID, now: datetime) -> None:
    """Record that a declared guest never came, and publish the new counts.

    Raises StayNotFoundError or EntrySupersededError.
    """
    stay, homes = await repository.load(tx, stay_id, ward_day(now))
    concerns(stay.guest_index)
    stay.check_current()
    await repository.annul(tx, stay_id, now)
    await occupancy.announce(tx, homes, now)
