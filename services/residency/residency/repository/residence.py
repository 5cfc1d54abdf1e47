"""Persons, households and registrations, as an operation loads and saves them.

Locks are taken in one order, so that nobody waits in a circle: dwelling, person, registration.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.exc import IntegrityError

from chassis.database import Transaction
from residency.domain.partial_date import PartialDate
from residency.domain.person_name import FullName
from residency.domain.residence import (
    PermanentResidenceExistsError,
    RegisteredPerson,
    Registration,
    RegistrationNotFoundError,
    ResidenceApplication,
    Sex,
    TemporaryLimit,
    Term,
)
from residency.domain.sealing import NumberSeal
from residency.repository.limits import limit_in_force
from residency.repository.occupancy import lock_dwelling
from residency.tables import households, persons, registrations

_TEMPORARY_TERM = "temporary_residence_term"
_ONE_PERMANENT = "registrations_one_permanent"


async def temporary_limit(tx: Transaction, day: date) -> TemporaryLimit:
    """Load the longest term of temporary residence in force on a day."""
    return TemporaryLimit(years=await limit_in_force(tx, _TEMPORARY_TERM, day))


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
    entering = insert_or_skip(persons).values(
        person_id=new_id,
        number_sealed=seal.seal(application.number, new_id),
        number_index=index,
        full_name=application.full_name.text,
        birth_year=application.birth_date.year,
        birth_month=application.birth_date.month,
        birth_day=application.birth_date.day,
        sex=application.sex,
        recorded_at=now,
    )
    if (await tx.execute(entering.on_conflict_do_nothing())).rowcount:
        return new_id
    registered = await _lock_person(tx, index)
    application.check_identity(registered)
    return registered.person_id


async def join_household(
    tx: Transaction, dwelling_id: UUID, person_id: UUID, new_id: UUID, now: datetime
) -> UUID:
    """Tell the household that a person joins: the dwelling's first, or a new one that the person heads."""
    existing = (
        select(households.c.household_id)
        .where(households.c.dwelling_id == dwelling_id)
        .order_by(households.c.recorded_at, households.c.household_id)
        .limit(1)
    )
    if found := await tx.scalar(existing):
        return UUID(str(found))
    await tx.execute(
        insert(households).values(
            household_id=new_id,
            dwelling_id=dwelling_id,
            householder_id=person_id,
            recorded_at=now,
        )
    )
    return new_id


async def add_registration(
    tx: Transaction,
    registration_id: UUID,
    application: ResidenceApplication,
    person_id: UUID,
    household_id: UUID,
    now: datetime,
) -> None:
    """Enter a registration; raises PermanentResidenceExistsError if the person has one in this time."""
    entering = insert(registrations).values(
        registration_id=registration_id,
        person_id=person_id,
        dwelling_id=application.dwelling_id,
        household_id=household_id,
        kind=application.kind,
        valid_from=application.term.valid_from,
        valid_until=application.term.valid_until,
        recorded_at=now,
    )
    try:
        await tx.execute(entering)
    except IntegrityError as error:
        if _violated(error) == _ONE_PERMANENT:
            raise PermanentResidenceExistsError from error
        raise


async def load_registration_to_end(tx: Transaction, registration_id: UUID) -> Registration:
    """Load a registration with its dwelling and its person locked; raises RegistrationNotFoundError."""
    statement = select(registrations).where(registrations.c.registration_id == registration_id)
    found = (await tx.execute(statement)).one_or_none()
    if found is None:
        raise RegistrationNotFoundError
    await lock_dwelling(tx, found.dwelling_id)
    person = select(persons.c.person_id).where(persons.c.person_id == found.person_id)
    await tx.execute(person.with_for_update(key_share=True))
    row = (await tx.execute(statement)).one()
    return Registration(
        registration_id=row.registration_id,
        person_id=row.person_id,
        dwelling_id=row.dwelling_id,
        term=Term(row.valid_from, row.valid_until),
        ended_on=row.ended_on,
    )


async def end_registration(
    tx: Transaction, registration_id: UUID, ended_on: date, now: datetime
) -> None:
    """Record the end of a registration."""
    await tx.execute(
        update(registrations)
        .where(registrations.c.registration_id == registration_id)
        .values(ended_on=ended_on, end_recorded_at=now)
    )


async def _lock_person(tx: Transaction, number_index: bytes) -> RegisteredPerson:
    """Lock and load the person who has a number; there is one."""
    known = select(persons).where(persons.c.number_index == number_index)
    row = (await tx.execute(known.with_for_update(key_share=True))).one()
    return RegisteredPerson(
        person_id=row.person_id,
        full_name=FullName(row.full_name),
        birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
        sex=Sex(row.sex),
    )


def _violated(error: IntegrityError) -> str | None:
    """Name the constraint that refused a statement."""
    cause = error.orig.__cause__ if error.orig else None
    return getattr(cause, "constraint_name", None)
