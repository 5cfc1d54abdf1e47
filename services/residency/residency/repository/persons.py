"""Persons, as an operation loads and saves them: what is corrected is kept as it was."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, func, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Transaction
from residency.domain.persons.contact import Contact
from residency.domain.persons.identity import RegisteredPerson, Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.sealing import NumberSeal
from residency.domain.residence.registrations import (
    Origin,
    PersonalIdTakenError,
    PersonNotRegisteredError,
)
from residency.repository import entries, search
from residency.tables import guest_stays, person_corrections, persons, registrations
from residency.tables.duplicates import holder_of, holder_of_record, records_of

# In this order persons are locked where there are several, so that nobody waits in a circle.
LOCK_ORDER = (persons.c.number_index,)


async def find(tx: Transaction, number_index: bytes) -> RegisteredPerson:
    """Lock and load the person who has a number, of any record; raises PersonNotRegisteredError."""
    row = await _lock_holder(tx, number_index)
    if row is None:
        raise PersonNotRegisteredError
    return registered_person(row)


async def merged_record(tx: Transaction, number_index: bytes) -> RegisteredPerson | None:
    """Tell what the record with a number says, if it was merged into another."""
    merged = (persons.c.number_index == number_index) & persons.c.merged_into.is_not(None)
    row = (await tx.execute(select(persons).where(merged))).one_or_none()
    return None if row is None else registered_person(row)


async def standing_index(tx: Transaction, number_index: bytes) -> bytes:
    """Tell by what index the person is counted who has a number: that of the record that stands for them.

    Locks that record; where nobody has the number, it is the number's own.
    """
    row = await _lock_holder(tx, number_index)
    return row.number_index if row else number_index


async def lock_all(tx: Transaction, number_indexes: Collection[bytes]) -> None:
    """Lock the persons of the register who have these numbers, in the order in which all lock several."""
    merged = select(persons.c.merged_into).where(persons.c.number_index.in_(number_indexes))
    which = or_(persons.c.number_index.in_(number_indexes), persons.c.person_id.in_(merged))
    await tx.execute(_locked(select(persons.c.person_id).where(which).order_by(*LOCK_ORDER)))


async def lock_by_id(tx: Transaction, person_id: UUID) -> RegisteredPerson:
    """Lock and load a person of the register."""
    known = select(persons).where(persons.c.person_id == person_id)
    return registered_person((await tx.execute(_locked(known))).one())


async def index_of(tx: Transaction, person_id: UUID) -> bytes:
    """Tell under which blind index a person of the register is found."""
    statement = select(persons.c.number_index).where(persons.c.person_id == person_id)
    return bytes((await tx.scalars(statement)).one())


async def lock_records_of(tx: Transaction, person_id: UUID) -> list[UUID]:
    """Lock the record that stands for one, and all that are merged with it; tell their ids."""
    records = records_of(holder_of_record(person_id))
    statement = (
        select(persons.c.person_id).where(persons.c.person_id.in_(records)).order_by(*LOCK_ORDER)
    )
    return list((await tx.scalars(_locked(statement))).all())


async def correct(
    tx: Transaction,
    person: RegisteredPerson,
    right: RegisteredPerson,
    number: tuple[bytes, bytes] | None,
    correction_id: UUID,
    origin: Origin,
    now: datetime,
) -> None:
    """Keep what the register said of a locked person, and have it say what is right.

    `number` is the right number, sealed and indexed, if the number is corrected. Raises PersonalIdTakenError.
    """
    is_person = persons.c.person_id == person.person_id
    said = [persons.c[column.name] for column in person_corrections.c if column.name in persons.c]
    kept = {
        "correction_id": correction_id,
        "corrected_at": now,
        "corrected_by": origin.account,
        "reference": origin.reference,
    }
    was = select(
        *said, *(literal(value, person_corrections.c[key].type) for key, value in kept.items())
    )
    await tx.execute(
        insert(person_corrections).from_select(
            [*(column.name for column in said), *kept], was.where(is_person)
        )
    )
    changed = update(persons).where(is_person).values(**_identity(right))
    if number:
        changed = changed.values(number_sealed=number[0], number_index=number[1])
    try:
        await tx.execute(changed)
        await search.index_person(tx, person.person_id, right.full_name)
    except IntegrityError as error:
        if entries.violated(error) == "persons_one_per_number":
            raise PersonalIdTakenError from error
        raise


async def set_contact(
    tx: Transaction, person_id: UUID, contact: Contact, seal: NumberSeal
) -> None:
    """Keep how a person can be reached: the telephone number sealed and indexed, the address sealed."""
    phone, phone_index, email = None, None, None
    if contact.phone:
        phone, phone_index = seal.sealed_phone(contact.phone, person_id)
    if contact.email:
        email = seal.sealed_email(contact.email, person_id)
    await tx.execute(
        update(persons)
        .where(persons.c.person_id == person_id)
        .values(phone_sealed=phone, phone_index=phone_index, email_sealed=email)
    )


async def take_contact(
    tx: Transaction, number_index: bytes, contact: Contact, seal: NumberSeal
) -> None:
    """Keep what of a contact is given, and leave the rest as it is; nothing if nobody has the number."""
    person_id = await tx.scalar(select(holder_of(number_index)))
    if person_id is None:
        return
    given = {}
    if contact.phone:
        given["phone_sealed"], given["phone_index"] = seal.sealed_phone(contact.phone, person_id)
    if contact.email:
        given["email_sealed"] = seal.sealed_email(contact.email, person_id)
    if given:
        await tx.execute(update(persons).where(persons.c.person_id == person_id).values(given))


async def dwellings_of(tx: Transaction, number_index: bytes) -> list[UUID]:
    """Tell where the person who has a number is registered or was, in no order; nowhere if there is no such person."""
    statement = (
        select(registrations.c.dwelling_id)
        .where(registrations.c.person_id == holder_of(number_index))
        .distinct()
    )
    return list((await tx.scalars(statement)).all())


async def whereabouts_of(tx: Transaction, *number_indexes: bytes) -> list[UUID]:
    """Tell where those who have these numbers are or were registered or a guest, in no order."""
    records, guests = persons.alias("records"), guest_stays.c
    stands = func.coalesce(records.c.merged_into, records.c.person_id)
    holders = select(stands).where(records.c.number_index.in_(number_indexes))
    standing = select(persons.c.number_index).where(persons.c.person_id.in_(holders))
    registered = select(registrations.c.dwelling_id).where(registrations.c.person_id.in_(holders))
    as_guests = select(guests.dwelling_id).where(
        or_(guests.guest_index.in_(standing), guests.guest_index.in_(number_indexes))
    )
    return list((await tx.scalars(registered.union(as_guests))).all())


def _identity(person: RegisteredPerson) -> dict[str, Any]:
    return {
        "full_name": person.full_name.text,
        "birth_year": person.birth_date.year,
        "birth_month": person.birth_date.month,
        "birth_day": person.birth_date.day,
        "sex": person.sex,
        "nationality": person.nationality,
    }


async def _lock_holder(tx: Transaction, number_index: bytes) -> Any | None:  # noqa: ANN401 - a row
    """Lock the record that stands for who has a number, also if it is merged or parted while others are waited for."""
    holder = holder_of(number_index)
    while True:
        which = select(persons).where(persons.c.person_id == holder)
        row = (await tx.execute(_locked(which))).one_or_none()
        if row is None or (row.number_index == number_index and row.merged_into is None):
            return row
        now_holding: UUID = (await tx.scalars(select(holder_of(number_index)))).one()
        if now_holding == row.person_id:
            return row
        holder = literal(now_holding, Uuid)


def _locked(statement: Select[Any]) -> Select[Any]:
    return statement.with_for_update(key_share=True)


def registered_person(row: Row[Any]) -> RegisteredPerson:
    """Read what the register says of a person."""
    return RegisteredPerson(
        person_id=row.person_id,
        full_name=FullName(row.full_name),
        birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
        sex=Sex(row.sex),
        nationality=row.nationality,
    )
