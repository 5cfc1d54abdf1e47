"""Guests whom citizens declare for the dwellings where they are registered."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.cases.declarations import ResidenceDeclaration
from residency.domain.cases.states import CaseChannel
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.places.buildings import DwellingNotFoundError
from residency.domain.requests import Request
from residency.domain.residence.registrations import Origin
from residency.domain.residence.stays import Channel, Receipt, StayDeclaration, StayOverlapsError
from residency.operations.account import concerns
from residency.operations.case_opening import hand_in
from residency.operations.requests import claim
from residency.operations.stays import check, enter
from residency.repository import entries, lookups, occupancy, persons
from residency.repository import stays as repository
from residency.repository.cases import CaseSeal

# Of no account, so that nobody but officers sees it.
_NOBODY = ""


class OwnGuestOperations:
    """Enters guests as citizens declare them, and leaves to officers what the register does not take."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        particulars: ParticularsSeal,
        case_seal: CaseSeal,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._particulars = particulars
        self._cases = case_seal
        self._ward_code = ward_code
        self._new_id = new_id

    async def declare(
        self, host: PersonalIdNumber, declared: StayDeclaration, request: Request
    ) -> None:
        """Enter a guest of a dwelling where the host is registered today, and publish its new counts.

        A guest who is declared for such a night already becomes a case for officers: whether and where somebody is
        declared elsewhere is nothing that a host may learn. A repeat of the request changes nothing. Raises
        DwellingNotFoundError, LodgingTooLongError, FieldInvalidError or RequestIdReusedError.
        """
        try:
            await self._declare(host, declared, request)
        except StayOverlapsError:
            # Declared elsewhere since it was looked for: now it is found.
            await self._declare(host, declared, request)
        self._relay.wake()

    async def _declare(
        self, host: PersonalIdNumber, declared: StayDeclaration, request: Request
    ) -> None:
        now, stay_id = self._clock(), self._new_id()
        guest = self._seal.document_index(declared.guest.document)
        receipt, origin = Receipt(now, Channel.PORTAL), Origin(current_account(), "")
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request.request_id, request.digest, stay_id, now):
                return
            index, today = self._seal.blind_index(host), ward_day(now)
            homes = await repository.lock_homes(tx, [guest], [declared.dwelling_id], today)
            concerns(guest)
            if not await lookups.is_registered(tx, index, declared.dwelling_id, today):
                raise DwellingNotFoundError
            standing = await persons.standing_index(tx, guest)
            # First: what cannot be entered is refused of every guest alike, wherever they are declared.
            await check(tx, declared, standing, now)
            if await repository.is_declared(tx, declared, standing):
                await self._leave_to_officers(tx, host, declared, now)
                return
            times = entries.times(declared.term, origin, now)
            await enter(tx, stay_id, declared, receipt, times, self._seal, self._particulars, now)
            await occupancy.announce(tx, homes, now)

    async def _leave_to_officers(
        self, tx: Transaction, host: PersonalIdNumber, declared: StayDeclaration, now: datetime
    ) -> None:
        person = await persons.find(tx, self._seal.blind_index(host))
        declaration = ResidenceDeclaration.of_guest(host, person, declared)
        await hand_in(
            tx,
            self._new_id(),
            declaration,
            _NOBODY,
            CaseChannel.ELECTRONIC,
            self._cases,
            self._ward_code,
            now,
        )
