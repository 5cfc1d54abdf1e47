"""Registrations of a person, at any time and as it was known at any time."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, select

from chassis.clock import ward_day
from chassis.storage.database import Database, Transaction
from residency.domain.lookups.disclosure import Asker, Disclosure, PersonField, Way
from residency.domain.lookups.pseudonyms import PersonNotFoundError
from residency.domain.residence.registrations import (
    RegistrationNotFoundError,
    RegistrationTold,
    ResidenceKind,
    Term,
)
from residency.repository.disclosure import disclosure_to, require_shown
from residency.repository.occupancy import dwelling_of, place_columns
from residency.tables import buildings, dwellings, persons, registrations
from residency.tables.bitemporal import holds_on, known
from residency.tables.duplicates import holder_known_at, holder_of_record


@dataclass(frozen=True)
class ResidencesAsked:
    """Who asks for residences and which: those that hold at an instant, as was known at one; None is all, and now."""

    asker: Asker
    today: date
    at: datetime | None = None
    known_at: datetime | None = None


class ResidenceQueries:
    """Tells registrations, oldest first: those of all time, or those that hold at an instant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_number(
        self, number_index: bytes, asked: ResidencesAsked
    ) -> tuple[bool, list[RegistrationTold]]:
        """Tell whether somebody has a number, and that person's registrations; raises DisclosureNotAllowedError."""
        record = select(persons.c.person_id).where(persons.c.number_index == number_index)
        async with self._database.transaction() as tx:
            disclosure = await _disclosure(tx, asked)
            person_id: UUID | None = await tx.scalar(record)
            if person_id is None:
                return False, []
            return True, await _disclosed(tx, disclosure, person_id, asked)

    async def of_person(
        self, person_id: UUID, asked: ResidencesAsked
    ) -> tuple[bytes, list[RegistrationTold]]:
        """Tell the blind index of a person's number, and the registrations.

        Raises DisclosureNotAllowedError or PersonNotFoundError.
        """
        statement = select(persons.c.number_index).where(persons.c.person_id == person_id)
        async with self._database.transaction() as tx:
            disclosure = await _disclosure(tx, asked)
            index: bytes | None = await tx.scalar(statement)
            if index is None:
                raise PersonNotFoundError
            return index, await _disclosed(tx, disclosure, person_id, asked)

    async def of_registration(
        self, registration_id: UUID, asked: ResidencesAsked
    ) -> tuple[bytes, list[RegistrationTold]]:
        """Tell the blind index of who has a registration, and theirs.

        Raises DisclosureNotAllowedError or RegistrationNotFoundError.
        """
        statement = (
            select(persons.c.person_id, persons.c.number_index)
            .join(registrations)
            .where(registrations.c.registration_id == registration_id)
        )
        async with self._database.transaction() as tx:
            disclosure = await _disclosure(tx, asked)
            row = (await tx.execute(statement)).one_or_none()
            if row is None:
                raise RegistrationNotFoundError
            return row.number_index, await _disclosed(tx, disclosure, row.person_id, asked)

    async def all_of(self, person_id: UUID) -> list[RegistrationTold]:
        """Tell the registrations of a person of all time, for who was allowed to see them."""
        async with self._database.transaction() as tx:
            return await _told(tx, person_id, None, None)


async def _disclosure(tx: Transaction, asked: ResidencesAsked) -> Disclosure:
    disclosure = await disclosure_to(tx, asked.asker, Way.LOOKUP, asked.today)
    disclosure.require(PersonField.RESIDENCES)
    return disclosure


async def _disclosed(
    tx: Transaction, disclosure: Disclosure, person_id: UUID, asked: ResidencesAsked
) -> list[RegistrationTold]:
    await require_shown(tx, disclosure, holder_of_record(person_id))
    return await _told(tx, person_id, asked.at, asked.known_at)


async def _told(
    tx: Transaction, person_id: UUID, at: datetime | None, known_at: datetime | None
) -> list[RegistrationTold]:
    """Tell the registrations of the record that stands for one now, or that was known to at an instant."""
    holder = holder_known_at(person_id, known_at) if known_at else holder_of_record(person_id)
    statement = _registrations(known_at).where(registrations.c.person_id == holder)
    if at is not None:
        statement = statement.where(holds_on(registrations, ward_day(at), known_at))
    return [_registration(row) for row in await tx.execute(statement)]


def _registrations(known_at: datetime | None) -> Select[Any]:
    columns = registrations.c
    end_known: ColumnElement[bool] = columns.end_recorded_at.is_not(None)
    if known_at is not None:
        end_known = columns.end_recorded_at <= known_at
    return (
        select(
            columns.registration_id,
            columns.kind,
            *place_columns(),
            columns.valid_from,
            columns.valid_until,
            case((end_known, columns.ended_on)).label("ended_on"),
            columns.recorded_at,
            case((end_known, columns.end_recorded_at)).label("end_recorded_at"),
            columns.corrects,
            columns.reference,
        )
        .select_from(
            registrations.join(dwellings, dwellings.c.dwelling_id == columns.dwelling_id).join(
                buildings, buildings.c.building_id == dwellings.c.building_id
            )
        )
        .where(known(registrations, known_at))
        .order_by(columns.valid_from, columns.registration_id)
    )


def _registration(row: Row[Any]) -> RegistrationTold:
    return RegistrationTold(
        registration_id=row.registration_id,
        kind=ResidenceKind(row.kind),
        dwelling=dwelling_of(row),
        term=Term(row.valid_from, row.valid_until),
        ended_on=row.ended_on,
        recorded_at=row.recorded_at,
        end_recorded_at=row.end_recorded_at,
        corrects=row.corrects,
        reference=row.reference,
    )
