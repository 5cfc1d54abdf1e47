"""What persons and buildings are found by, written with what it is about."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from chassis.storage.database import Transaction
from residency.domain.lookups.search import IndexedName
from residency.domain.persons.person_name import FullName
from residency.tables import person_index


async def forget_person(tx: Transaction, person_id: UUID) -> None:
    """Have a person found by no name."""
    await tx.execute(delete(person_index).where(person_index.c.person_id == person_id))


async def index_person(tx: Transaction, person_id: UUID, name: FullName) -> None:
    """Have a person found by a name, and no longer by the name before."""
    indexed = vars(IndexedName.of(name))
    writing = insert(person_index).values(person_id=person_id, **indexed)
    await tx.execute(writing.on_conflict_do_update(index_elements=["person_id"], set_=indexed))
