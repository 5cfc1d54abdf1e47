"""Looks at persons by the pseudonyms that callers have for them."""

from uuid import UUID

from chassis.context import current_access
from residency.domain.lookups.pseudonyms import Pseudonyms, is_well_formed
from residency.domain.persons.sealing import subject_of
from residency.queries.persons import PersonQueries


class Naming:
    """Tells whom a caller's pseudonym names, and names them for the access record before the look may be refused."""

    def __init__(self, pseudonyms: Pseudonyms, persons: PersonQueries) -> None:
        self._pseudonyms = pseudonyms
        self._persons = persons

    async def person_of(self, pseudonym: str, account: str) -> UUID:
        """Tell the id of the person that an account calls so; raises PersonNotFoundError.

        One that names nobody to this account is recorded as it was given: it may be another account's.
        """
        access = current_access()
        access.subject = f"pseudonym:{pseudonym}" if is_well_formed(pseudonym) else "unknown"
        person_id = self._pseudonyms.resolve(pseudonym, account)
        access.subject = subject_of(await self._persons.number_index(person_id))
        return person_id
