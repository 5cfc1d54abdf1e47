"""Verification of identities."""

from sqlalchemy import select

from chassis.database import Database, Transaction
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import FullName
from residency.domain.sealing import NumberSeal
from residency.domain.verification import Declaration, RegisteredIdentity, Verification, verify
from residency.tables import persons


class IdentityQueries:
    """Compares what is declared with the register."""

    def __init__(self, database: Database, seal: NumberSeal) -> None:
        self._database = database
        self._seal = seal

    async def verify(self, declared: Declaration) -> Verification:
        """Compare a declaration with the register; the same statement runs for unknown numbers."""
        index = self._seal.blind_index(declared.number)
        async with self._database.transaction() as tx:
            return verify(declared, await _registered_identity(tx, index))


async def _registered_identity(tx: Transaction, index: bytes) -> RegisteredIdentity | None:
    statement = select(
        persons.c.full_name, persons.c.birth_year, persons.c.birth_month, persons.c.birth_day
    ).where(persons.c.number_index == index)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    birth_date = PartialDate(row.birth_year, row.birth_month, row.birth_day)
    return RegisteredIdentity(FullName(row.full_name), birth_date)
