"""Persons and registrations, as an operation loads and saves them.

Locks are taken in one order, so that nobody waits in a circle: dwelling, person, registration.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Transaction
from residency.domain.persons.nationality import VIETNAM
from residency.domain.persons.sealing import NumberSeal
from residency.domain.residence.registrations import (
    Correction,
    Origin,
    PermanentResidenceExistsError,
    Registration,
    RegistrationNotFoundError,
    ResidenceApplication,
    ResidenceKind,
    TemporaryLimit,
    TemporaryResidenceExistsError,
    Term,
)
from residency.repository import duplicates, entries, persons, search
from residency.repository.limits import limit_in_force
from residency.repository.occupancy import lock_dwelling
from residency.tables import persons as persons_table
from residency.tables import registrations
from residency.tables.bitemporal import days, known

_ONE_PERMANENT = "registrations_one_permanent"


async def temporary_limit(tx: Transaction, day: date) -> TemporaryLimit:
    """Load the longest term of temporary residence in force on a day."""
    return TemporaryLimit(years=await limit_in_force(tx, "temporary_residence_term", day))


async def find_or_enter_person(
    tx: Transaction,
    application: ResidenceApplication,
    seal: NumberSeal,
    new_id: UUID,
    now: datetime,
) -> UUID:
    """Tell and lock the person who has the number; a person not on the register is entered.

    What the register says of a person it knows already is left as it is; raises IdentityMismatchError if that
    is not what is declared.
    """
    index = seal.blind_index(application.number)
    entering = insert_or_skip(persons_table).values(
        person_id=new_id,
        number_sealed=seal.seal(application.number, new_id),
        number_index=index,
        full_name=application.full_name.text,
        birth_year=application.birth_date.year,
        birth_month=application.birth_date.month,
        birth_day=application.birth_date.day,
        sex=application.sex,
        nationality=application.nationality or VIETNAM,
        recorded_at=now,
    )
    if (await tx.execute(entering.on_conflict_do_nothing())).rowcount:
        await search.index_person(tx, new_id, application.full_name)
        await duplicates.note_nearness(tx, new_id, application.number, seal)
        return new_id
    registered = await persons.find(tx, index)
    application.check_identity(registered, await persons.merged_record(tx, index))
    return registered.person_id


async def add_registration(
    tx: Transaction,
    registration: Registration,
    origin: Origin,
    now: datetime,
) -> None:
    """Enter a registration in a dwelling that is locked.

    Raises PermanentResidenceExistsError if the person has one in this time, or TemporaryResidenceExistsError if they
    have one in this dwelling.
    """
    await _add(tx, registration, entries.times(registration.term, origin, now))


async def load_registration(tx: Transaction, registration_id: UUID) -> Registration:
    """Load a registration with its dwelling and its person locked; raises RegistrationNotFoundError."""
    statement = select(registrations).where(registrations.c.registration_id == registration_id)
    found = (await tx.execute(statement)).one_or_none()
    if found is None:
        raise RegistrationNotFoundError
    await lock_dwelling(tx, found.dwelling_id)
    await persons.lock_by_id(tx, found.person_id)
    return registration_of((await tx.execute(statement)).one())


async def terms_of(tx: Transaction, person_id: UUID) -> list[Term]:
    """Tell the terms of all registrations of a person that the register holds, in no order."""
    statement = select(registrations).where(
        registrations.c.person_id == person_id, known(registrations, None)
    )
    return [entries.term_of(row) for row in await tx.execute(statement)]


async def end_registration(
    tx: Transaction, registration_id: UUID, ended_on: date, now: datetime
) -> None:
    """Record the end of a registration."""
    await entries.end(tx, registrations, registration_id, ended_on, now)


async def annul_registration(tx: Transaction, registration_id: UUID, now: datetime) -> None:
    """Record that a registration does not hold and never should have."""
    await entries.supersede(tx, registrations, registration_id, now)


async def correct_registration(
    tx: Transaction,
    wrong: Registration,
    correction: Correction,
    new_id: UUID,
    origin: Origin,
    now: datetime,
) -> None:
    """Enter a registration in the place of a wrong one; raises what entering one does."""
    await annul_registration(tx, wrong.entry_id, now)
    right = Registration(
        new_id,
        correction.term,
        correction.ended_on,
        superseded=False,
        kind=wrong.kind,
        person_id=wrong.person_id,
        dwelling_id=wrong.dwelling_id,
        household_id=wrong.household_id,
    )
    await _add(tx, right, entries.corrected(correction, wrong.entry_id, origin, now))


def registration_of(row: Row[Any]) -> Registration:
    """Read a registration."""
    return Registration(
        entry_id=row.registration_id,
        term=entries.term_of(row),
        ended_on=row.ended_on,
        superseded=row.superseded_at is not None,
        kind=ResidenceKind(row.kind),
        person_id=row.person_id,
        dwelling_id=row.dwelling_id,
        household_id=row.household_id,
    )


async def _add(tx: Transaction, registration: Registration, times: dict[str, Any]) -> None:
    if registration.kind is ResidenceKind.TEMPORARY:
        await _check_temporary(tx, registration)
    entering = insert(registrations).values(
        registration_id=registration.entry_id,
        person_id=registration.person_id,
        dwelling_id=registration.dwelling_id,
        household_id=registration.household_id,
        kind=registration.kind,
        **times,
    )
    try:
        await tx.execute(entering)
    except IntegrityError as error:
        if entries.violated(error) == _ONE_PERMANENT:
            raise PermanentResidenceExistsError from error
        raise


async def _check_temporary(tx: Transaction, registration: Registration) -> None:
    """Refuse a second temporary residence in a dwelling at a time.

    No constraint does: of two records that were one person's, both keep theirs when they are merged.
    """
    columns, term = registrations.c, registration.term
    end = term.valid_until if registration.ended_on is None else registration.ended_on
    other = exists().where(
        columns.person_id == registration.person_id,
        columns.dwelling_id == registration.dwelling_id,
        columns.kind == ResidenceKind.TEMPORARY,
        columns.superseded_at.is_(None),
        days().op("&&")(func.daterange(term.valid_from, end)),
    )
    if await tx.scalar(select(other)):
        raise TemporaryResidenceExistsError
