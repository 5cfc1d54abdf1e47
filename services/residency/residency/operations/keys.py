"""Changing the key of what is stored sealed, while the service works."""

from collections.abc import AsyncGenerator

from cryptography.exceptions import InvalidTag

from chassis.sealing import Seal, UnknownKeyError
from chassis.storage.database import Database
from residency.domain.persons.sealing import NumberSeal
from residency.repository.sealed import (
    SEALED,
    Key,
    SealedColumn,
    any_number,
    count_old,
    renew_some,
)

_BATCH = 500


class KeysDoNotFitError(Exception):
    """The register was written under other keys: what it holds would not open, or nobody would be found.

    Under another index key everybody is unknown, and who is registered is entered a second time.
    """


async def check_keys(database: Database, numbers: NumberSeal) -> None:
    """Make sure by one person of the register that it was written under these keys; raises KeysDoNotFitError."""
    async with database.transaction() as tx:
        if (person := await any_number(tx)) is None:
            return
    try:
        number = numbers.open(person.number_sealed, person.person_id)
    except (UnknownKeyError, InvalidTag):
        raise KeysDoNotFitError from None
    if numbers.blind_index(number) != person.number_index:
        raise KeysDoNotFitError


async def check_key_at_hand(database: Database, numbers: NumberSeal) -> None:
    """Make sure by one person that the register was not sealed anew under another key; raises UnknownKeyError."""
    async with database.transaction() as tx:
        person = await any_number(tx)
    if person:
        numbers.check_key(person.number_sealed)


class KeyOperations:
    """Seals anew what old keys sealed: at any time each content is whole, under one key or another."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def count_old(self) -> int:
        """Count what is still sealed under old keys."""
        async with self._database.transaction() as tx:
            counts = [await count_old(tx, sealed, self._seal.key_id) for sealed in SEALED]
        return sum(counts)

    async def renew_all(self, batch: int = _BATCH) -> AsyncGenerator[int]:
        """Seal all anew, batch by batch, each a transaction; tell how many were in each.

        Ended at any time, it goes on where it was when it is begun again: what is done needs no more. Raises
        UnknownKeyError where a key is missing; then nothing of that batch is changed.
        """
        for sealed in SEALED:
            after: Key | None = None
            while renewed := await self._renew_some(sealed, after, batch):
                after = renewed[-1]
                yield len(renewed)

    async def _renew_some(self, sealed: SealedColumn, after: Key | None, batch: int) -> list[Key]:
        async with self._database.transaction() as tx:
            return await renew_some(tx, sealed, self._seal, after, batch)
