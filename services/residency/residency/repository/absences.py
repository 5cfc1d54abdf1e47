"""Temporary absences, as an operation loads and saves them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Transaction
from residency.domain.persons.identity import RegisteredPerson
from residency.domain.persons.sealing import ParticularsSeal
from residency.domain.residence.absences import (
    Absence,
    AbsenceContent,
    AbsenceGround,
    AbsenceLimits,
)
from residency.domain.residence.stays import Receipt, StayNotFoundError, StayOverlapsError
from residency.repository import entries, persons
from residency.repository.limits import limit_in_force
from residency.repository.occupancy import lock_dwellings
from residency.repository.stays import receipt_of
from residency.tables import absences
from residency.tables import persons as persons_table


async def limits_on(tx: Transaction, day: date) -> AbsenceLimits:
    """Load from how many months on absences are declared, as in force on a day."""
    return AbsenceLimits(
        {
            ground: await limit_in_force(tx, f"absence_{ground.lower()}", day)
            for ground in AbsenceGround
        }
    )


async def lock_person(tx: Transaction, index: bytes) -> tuple[RegisteredPerson, list[UUID]]:
    """Lock who has a number, and the dwellings where they are or were registered.

    Raises PersonNotRegisteredError.
    """
    homes = await lock_dwellings(tx, await persons.dwellings_of(tx, index))
    return await persons.find(tx, index), homes


async def add(
    tx: Transaction,
    absence_id: UUID,
    person_id: UUID,
    content: AbsenceContent,
    receipt: Receipt,
    times: Mapping[str, Any],
    seal: ParticularsSeal,
) -> None:
    """Enter an absence; raises StayOverlapsError if the person is declared absent in this time."""
    particulars = {"reason": content.reason, "destination": content.destination}
    entering = insert(absences).values(
        absence_id=absence_id,
        person_id=person_id,
        ground=content.ground,
        particulars_sealed=seal.seal(particulars, absence_id),
        received_at=receipt.received_at,
        channel=receipt.channel,
        **times,
    )
    try:
        await tx.execute(entering)
    except IntegrityError as error:
        if entries.violated(error) == "absences_one":
            raise StayOverlapsError from error
        raise


async def load(tx: Transaction, absence_id: UUID) -> tuple[Absence, list[UUID]]:
    """Load an absence with its person and their dwellings locked, as above; raises StayNotFoundError."""
    statement = select(absences).where(absences.c.absence_id == absence_id)
    whose = select(persons_table.c.number_index).join(absences)
    index: bytes | None = await tx.scalar(whose.where(absences.c.absence_id == absence_id))
    if index is None:
        raise StayNotFoundError
    _, homes = await lock_person(tx, index)
    row = (await tx.execute(statement)).one()
    absence = Absence(
        entry_id=row.absence_id,
        term=entries.term_of(row),
        ended_on=row.ended_on,
        superseded=row.superseded_at is not None,
        person_id=row.person_id,
        receipt=receipt_of(row),
    )
    return absence, homes


async def end(tx: Transaction, absence_id: UUID, ended_on: date, now: datetime) -> None:
    """Record that the person came back."""
    await entries.end(tx, absences, absence_id, ended_on, now)


async def annul(tx: Transaction, absence_id: UUID, now: datetime) -> None:
    """Record that an absence does not hold and never should have."""
    await entries.supersede(tx, absences, absence_id, now)


def content_of(row: Row[Any], seal: ParticularsSeal) -> AbsenceContent:
    """Read what was declared, and open what is sealed of it."""
    particulars = seal.open(row.particulars_sealed, row.absence_id)
    return AbsenceContent(
        ground=AbsenceGround(row.ground),
        reason=particulars["reason"],
        destination=particulars["destination"],
        term=entries.term_of(row),
    )
