"""What the register says of persons: corrected, and how they can be reached."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.account.access_log import accounted
from chassis.clock import Clock
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.duplicates import Occasion
from residency.domain.persons.contact import Contact
from residency.domain.persons.identity import IdentityCorrection
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal
from residency.domain.requests import Request
from residency.domain.residence.registrations import Origin, check_birth
from residency.operations import duplicates
from residency.operations.requests import claim
from residency.repository import occupancy, residence
from residency.repository import persons as repository
from residency.repository.duplicates import note_nearness


class PersonOperations:
    """Corrects persons and keeps their contacts."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._new_id = new_id

    async def correct(
        self, number: PersonalIdNumber, correction: IdentityCorrection, request: Request
    ) -> None:
        """Correct who has a number, keep what was said, and publish the counts that change with the birth date.

        A repeat of the request changes nothing. Raises what `correct` raises, or RequestIdReusedError.
        """
        now, change_id = self._clock(), self._new_id()
        origin = Origin(current_account(), request.reference)
        async with accounted(self._database, now) as tx:
            if await claim(tx, self._seal, request.request_id, request.digest, change_id, now):
                return
            await correct(tx, number, correction, self._seal, origin, self._new_id, now)
        self._relay.wake()

    async def set_contact(
        self, number: PersonalIdNumber, contact: Contact, request: Request
    ) -> None:
        """Keep how a person can be reached.

        A repeat of the request changes nothing. Raises PersonNotRegisteredError or RequestIdReusedError.
        """
        now = self._clock()
        async with accounted(self._database, now) as tx:
            person = await repository.find(tx, self._seal.blind_index(number))
            if await claim(
                tx, self._seal, request.request_id, request.digest, person.person_id, now
            ):
                return
            await repository.set_contact(tx, person.person_id, contact, self._seal)


async def correct(
    tx: Transaction,
    number: PersonalIdNumber,
    correction: IdentityCorrection,
    seal: NumberSeal,
    origin: Origin,
    new_id: Callable[[], UUID],
    now: datetime,
) -> None:
    """Correct who has a number, keep what was said, and publish the counts that change with it.

    Those of homes change with the birth date; those of where the person is a guest, under the wrong number or the right
    one, with the needs that a number brings. What is right already is left as it is. Raises PersonNotRegisteredError,
    PersonalIdTakenError, or FieldInvalidError for a birth after a residence began.
    """
    index = seal.blind_index(number)
    right_index = seal.blind_index(correction.number or number)
    whereabouts = await repository.whereabouts_of(tx, *{index, right_index})
    homes = await occupancy.lock_dwellings(tx, whereabouts)
    person = await repository.find(tx, index)
    right, new_number = correction.applied_to(person), correction.number
    if right_index == await repository.index_of(tx, person.person_id):
        new_number = None
    if right == person and new_number is None:
        return
    if right.birth_date != person.birth_date:
        check_birth(right.birth_date, await residence.terms_of(tx, person.person_id))
    sealed = None
    if new_number:
        sealed = (seal.seal(new_number, person.person_id), right_index)
    await repository.correct(tx, person, right, sealed, new_id(), origin, now)
    if new_number:
        await note_nearness(tx, person.person_id, new_number, seal)
    await duplicates.find(tx, [person.person_id], Occasion.CORRECTION, new_id, now)
    await occupancy.announce(tx, homes, now)
