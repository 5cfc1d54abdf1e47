"""What an approved case enters of guests and absences; always within the case's transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.clock import ward_day
from chassis.context import current_account
from chassis.storage.database import Transaction
from residency.domain.cases.declarations import (
    GuestStays,
    ResidenceDeclaration,
    TemporaryAbsence,
    told_at,
)
from residency.domain.cases.machine import Case
from residency.domain.cases.states import CaseChannel
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.residence.absences import AbsenceDeclaration
from residency.domain.residence.registrations import Origin
from residency.domain.residence.stays import Channel, Receipt
from residency.operations import absences, stays
from residency.repository import absences as absences_repository
from residency.repository import cases, entries, occupancy
from residency.repository import stays as stays_repository
from residency.tables import absences as absences_table
from residency.tables import guest_stays

_CHANNELS = {
    CaseChannel.ELECTRONIC: Channel.PORTAL,
    CaseChannel.COUNTER: Channel.IN_PERSON,
}


class StayChanges:
    """Enters guests' stays and absences as received when the case was handed in, and annuls them.

    Whoever calls has locked the dwellings and persons concerned, each in one order.
    """

    def __init__(
        self, numbers: NumberSeal, particulars: ParticularsSeal, new_id: Callable[[], UUID]
    ) -> None:
        self._numbers = numbers
        self._particulars = particulars
        self._new_id = new_id

    async def check(self, tx: Transaction, declaration: ResidenceDeclaration) -> None:
        """Refuse guests and absences that could not be entered whatever the register says; the dwellings exist.

        Raises StayOverlapsError, LodgingTooLongError, or FieldInvalidError.
        """
        change = declaration.change
        if isinstance(change, GuestStays):
            for position, declared in enumerate(change.stays):
                limits = await stays_repository.limits_of(tx, declared)
                with told_at(change.place_of(position)):
                    limits.check(declared, change.lodgings_before(position))
            change.check_nights()
        if isinstance(change, TemporaryAbsence):
            first_day = change.content.term.valid_from
            limit = await absences_repository.limits_on(tx, first_day)
            with told_at(declaration.place_of_change):
                limit.check(change.content)

    async def lodge(self, tx: Transaction, case: Case, change: GuestStays, now: datetime) -> None:
        """Enter the stays of guests, all or none.

        Raises DwellingNotFoundError, StayOverlapsError, LodgingTooLongError, or FieldInvalidError.
        """
        guests = {self._numbers.document_index(stay.guest.document) for stay in change.stays}
        wanted = {stay.dwelling_id for stay in change.stays}
        homes = await stays_repository.lock_homes(tx, guests, wanted, ward_day(now))
        receipt, origin = _receipt(case, now), _origin(case)
        for position, declared in enumerate(change.stays):
            stay_id = self._new_id()
            times = entries.times(declared.term, origin, now)
            with told_at(change.place_of(position)):
                await stays.enter(
                    tx, stay_id, declared, receipt, times, self._numbers, self._particulars, now
                )
            await cases.link(tx, case, guest_stays, stay_id)
        await occupancy.announce(tx, homes, now)

    async def absent(
        self,
        tx: Transaction,
        case: Case,
        declaration: ResidenceDeclaration,
        change: TemporaryAbsence,
        now: datetime,
    ) -> None:
        """Enter the absence of all who are declared.

        Raises PersonNotRegisteredError, StayOverlapsError, or FieldInvalidError.
        """
        receipt, origin = _receipt(case, now), _origin(case)
        for person in declaration.persons:
            absence_id = self._new_id()
            declared = AbsenceDeclaration(person.number, change.content)
            with told_at(declaration.place_of(person)):
                await absences.enter(
                    tx,
                    absence_id,
                    declared,
                    receipt,
                    origin,
                    self._numbers,
                    self._particulars,
                    now,
                )
            await cases.link(tx, case, absences_table, absence_id)

    async def annul(self, tx: Transaction, case: Case, now: datetime) -> None:
        """Annul the stays and absences that a case entered."""
        for stay_id in await cases.linked(tx, case, guest_stays):
            await stays.annul(tx, stay_id, now)
        for absence_id in await cases.linked(tx, case, absences_table):
            await absences.annul(tx, absence_id, now)


def _origin(case: Case) -> Origin:
    return Origin(current_account(), case.case_number)


def _receipt(case: Case, now: datetime) -> Receipt:
    """Tell when and how the declaration came in: when the citizen handed it in, however long it took since."""
    return Receipt(case.submitted_at or now, _CHANNELS[case.channel])
