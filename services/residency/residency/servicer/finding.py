"""Writes that find persons by their numbers: counted like looks, since a refusal tells of whose number it is."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from google.protobuf.message import Message

from chassis.context import current_access
from chassis.errors import DomainError
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.residence.households import NotAMemberError
from residency.domain.residence.registrations import (
    IdentityMismatchError,
    PersonNotRegisteredError,
)
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.servicer.asking import asker_of

# What who guesses numbers meets.
_MISSED = (IdentityMismatchError, NotAMemberError, PersonNotRegisteredError)


class Finding:
    """Lets a caller find persons by number as far as the limits go, and alerts where one of them is a decoy."""

    def __init__(self, limits: LookupLimits, decoys: DecoyOperations, seal: NumberSeal) -> None:
        self._limits = limits
        self._decoys = decoys
        self._seal = seal

    @asynccontextmanager
    async def by(
        self, request: Message, *documents: PersonalIdNumber | PassportNumber
    ) -> AsyncGenerator[None]:
        """Count what is done inside as a look at who has these documents; raises LimitReachedError before it."""
        access, asker = current_access(), asker_of(request)
        subjects = [subject_of(self._seal.document_index(one)) for one in documents]
        self._limits.admit(asker)
        try:
            yield
        except DomainError as error:
            for number in _numbers(documents):
                self._limits.note_number(asker, number, found=not isinstance(error, _MISSED))
            raise
        else:
            self._limits.note_persons(asker, subjects)
        finally:
            await self._decoys.watch(asker.account, subjects, access.record_id)


def _numbers(
    documents: Sequence[PersonalIdNumber | PassportNumber],
) -> Sequence[PersonalIdNumber]:
    return [one for one in documents if isinstance(one, PersonalIdNumber)]
