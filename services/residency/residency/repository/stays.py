"""Guests' stays, as an operation loads and saves them: guests are found by the blind index of their document."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from chassis.clock import ward_day
from chassis.storage.database import Transaction
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import ParticularsSeal, indexes_of
from residency.domain.places.buildings import DwellingNotFoundError
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.registrations import Origin, Term
from residency.domain.residence.stays import (
    Channel,
    Guest,
    GuestStay,
    Receipt,
    StayCorrection,
    StayDeclaration,
    StayLimits,
    StayNotFoundError,
    StayOverlapsError,
)
from residency.repository import entries
from residency.repository.limits import in_force
from residency.repository.occupancy import lock_dwellings
from residency.tables import buildings, dwellings, guest_stays, persons
from residency.tables.bitemporal import days
from residency.tables.duplicates import standing as standing_record


async def limits_of(tx: Transaction, declared: StayDeclaration) -> StayLimits:
    """Load the numbers in force on the day of arrival, for where the dwelling lies."""
    day = ward_day(declared.arrives_at)
    foreign_hours = case(
        (buildings.c.remote_area, in_force("foreign_stay_deadline_remote", day)),
        else_=in_force("foreign_stay_deadline", day),
    )
    statement = (
        select(
            in_force("lodging_term", day).label("lodging_days"),
            in_force("lodging_deadline", day).label("evening_hour"),
            in_force("lodging_late_deadline", day).label("morning_hour"),
            foreign_hours.label("foreign_hours"),
            in_force("lodging_night_ends", day).label("night_end_hour"),
        )
        .select_from(dwellings.join(buildings))
        .where(dwellings.c.dwelling_id == declared.dwelling_id)
    )
    return StayLimits(**(await tx.execute(statement)).mappings().one())


async def lodgings_there(tx: Transaction, declared: StayDeclaration, index: bytes) -> list[Term]:
    """Tell when else the guest lodges in the dwelling, all with an end."""
    columns = guest_stays.c
    statement = select(columns.valid_from, columns.ends_on).where(
        columns.guest_index == index,
        columns.dwelling_id == declared.dwelling_id,
        columns.kind == StayKind.LODGING.value,
        columns.superseded_at.is_(None),
        columns.ends_on > columns.valid_from,
    )
    return [Term(row.valid_from, row.ends_on) for row in await tx.execute(statement)]


async def is_declared(tx: Transaction, declared: StayDeclaration, index: bytes) -> bool:
    """Tell whether the guest is declared for a night of this stay already, here or elsewhere."""
    if declared.kind is StayKind.STANDING:
        return False
    columns, term = guest_stays.c, declared.term
    wanted = func.daterange(term.valid_from, term.valid_until)
    statement = select(columns.stay_id).where(
        columns.guest_index == index,
        columns.kind != StayKind.STANDING.value,
        columns.superseded_at.is_(None),
        days().op("&&")(wanted),
    )
    return (await tx.scalars(statement.limit(1))).one_or_none() is not None


async def add(
    tx: Transaction,
    stay_id: UUID,
    declared: StayDeclaration,
    receipt: Receipt,
    declare_by: datetime,
    times: Mapping[str, Any],
    index: bytes,
    seal: ParticularsSeal,
) -> None:
    """Enter a stay; raises StayOverlapsError if the guest spends a night of it elsewhere, or is declared already."""
    guest = declared.guest
    entering = insert(guest_stays).values(
        stay_id=stay_id,
        dwelling_id=declared.dwelling_id,
        kind=declared.kind,
        guest_index=index,
        particulars_sealed=seal.seal(_particulars(declared), stay_id),
        birth_year=guest.birth_date.year,
        birth_month=guest.birth_date.month,
        birth_day=guest.birth_date.day,
        nationality=guest.nationality,
        sex=guest.sex,
        arrives_at=declared.arrives_at,
        received_at=receipt.received_at,
        channel=receipt.channel,
        declare_by=declare_by,
        **times,
    )
    try:
        await tx.execute(entering)
    except IntegrityError as error:
        if entries.violated(error) == "guest_stays_one_a_night":
            raise StayOverlapsError from error
        raise


async def lock_homes(
    tx: Transaction, guests: Collection[bytes], dwelling_ids: Collection[UUID], today: date
) -> list[UUID]:
    """Lock dwellings, and those where the guests lodge from today on: where one arrives, another loses them.

    Raises DwellingNotFoundError.
    """
    columns = guest_stays.c
    holders = persons.alias("holders")
    standing = (
        select(holders.c.number_index)
        .join(persons, holders.c.person_id == standing_record())
        .where(persons.c.number_index.in_(guests))
    )
    statement = select(columns.dwelling_id).where(
        or_(columns.guest_index.in_(guests), columns.guest_index.in_(standing)),
        columns.kind != StayKind.STANDING.value,
        columns.superseded_at.is_(None),
        columns.ends_on >= today,
    )
    there = (await tx.scalars(statement)).all()
    locked = await lock_dwellings(tx, list({*dwelling_ids, *there}))
    if not set(dwelling_ids) <= set(locked):
        raise DwellingNotFoundError
    return locked


async def load(
    tx: Transaction, stay_id: UUID, today: date, *others: UUID
) -> tuple[GuestStay, list[UUID]]:
    """Load a stay with its dwelling, others and those where the guest lodges locked; tell which those are.

    Raises StayNotFoundError or DwellingNotFoundError.
    """
    statement = select(guest_stays).where(guest_stays.c.stay_id == stay_id)
    found = (await tx.execute(statement)).one_or_none()
    if found is None:
        raise StayNotFoundError
    homes = await lock_homes(tx, [found.guest_index], {found.dwelling_id, *others}, today)
    row = (await tx.execute(statement)).one()
    stay = GuestStay(
        entry_id=row.stay_id,
        term=entries.term_of(row),
        ended_on=row.ended_on,
        superseded=row.superseded_at is not None,
        dwelling_id=row.dwelling_id,
        kind=StayKind(row.kind),
        guest_index=row.guest_index,
        receipt=receipt_of(row),
    )
    return stay, homes


async def end(tx: Transaction, stay_id: UUID, ended_on: date, now: datetime) -> None:
    """Record that the guest left."""
    await entries.end(tx, guest_stays, stay_id, ended_on, now)


async def annul(tx: Transaction, stay_id: UUID, now: datetime) -> None:
    """Record that a stay does not hold and never should have."""
    await entries.supersede(tx, guest_stays, stay_id, now)


def corrected(
    correction: StayCorrection, corrects: UUID, origin: Origin, now: datetime
) -> Mapping[str, Any]:
    """Give the times of the stay that corrects another."""
    return entries.corrected(correction.times, corrects, origin, now)


def declaration_of(row: Row[Any], seal: ParticularsSeal) -> StayDeclaration:
    """Read what was declared, and open what is sealed of it."""
    particulars = seal.open(row.particulars_sealed, row.stay_id)
    document: PersonalIdNumber | PassportNumber
    if "passport_number" in particulars:
        document = PassportNumber(row.nationality, particulars["passport_number"])
    else:
        document = PersonalIdNumber(particulars["personal_id_number"])
    guest = Guest(
        document=document,
        full_name=FullName(particulars["full_name"]),
        birth_date=PartialDate(row.birth_year, row.birth_month, row.birth_day),
        nationality=row.nationality,
        sex=Sex(row.sex) if row.sex else None,
    )
    return StayDeclaration(
        dwelling_id=row.dwelling_id,
        kind=StayKind(row.kind),
        guest=guest,
        reason=particulars["reason"],
        arrives_at=row.arrives_at,
        leaves_on=row.valid_until,
    )


def of_guest(subject: str) -> ColumnElement[bool]:
    """Say in SQL: a stay of whom the account names so, by the beginning of the index in hexadecimal."""
    return guest_stays.c.guest_index.between(*indexes_of(subject))


def receipt_of(row: Row[Any]) -> Receipt:
    """Read when a declaration came in, and how."""
    return Receipt(row.received_at, Channel(row.channel))


def _particulars(declared: StayDeclaration) -> dict[str, str]:
    guest = declared.guest
    particulars = {"full_name": guest.full_name.text, "reason": declared.reason}
    if isinstance(guest.document, PersonalIdNumber):
        return particulars | {"personal_id_number": guest.document.digits}
    return particulars | {"passport_number": guest.document.text}
