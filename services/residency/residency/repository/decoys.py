"""Decoys: entered, known, and touched."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from chassis.storage import outbox
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.lookups.decoys import Decoy, DecoyTouch
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.repository import search
from residency.tables import decoys, persons
from residency.wire import decoys as wire


async def add(
    tx: Transaction, decoy: Decoy, person_id: UUID, seal: NumberSeal, now: datetime
) -> None:
    """Enter a decoy as a person like any other, and note apart that it is one."""
    await tx.execute(
        insert(persons).values(
            person_id=person_id,
            number_sealed=seal.seal(decoy.number, person_id),
            number_index=seal.blind_index(decoy.number),
            full_name=decoy.full_name.text,
            birth_year=decoy.birth_date.year,
            birth_month=decoy.birth_date.month,
            birth_day=decoy.birth_date.day,
            sex=decoy.sex,
            recorded_at=now,
        )
    )
    await search.index_person(tx, person_id, decoy.full_name)
    await tx.execute(insert(decoys).values(person_id=person_id, created_at=now))


async def subjects(tx: Transaction) -> frozenset[str]:
    """Load the pseudonyms by which the access records name decoys."""
    indexes = await tx.scalars(select(persons.c.number_index).join(decoys))
    return frozenset(map(subject_of, indexes))


async def alert(tx: Transaction, touch: DecoyTouch) -> None:
    """Announce that somebody looked at a decoy."""
    await outbox.add(tx, tables.outbox, touch.at, wire.decoy_touched(touch))
