"""Requests of data subjects as an operation loads and saves them, and the restrictions they bring about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, insert, select, update

from chassis.clock import ward_day
from chassis.sealing import Seal
from chassis.storage import outbox
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.persons.sealing import indexes_of
from residency.domain.protection.data_subject_requests import (
    OPEN_STATES,
    DataSubjectRequest,
    DataSubjectRequestNotFoundError,
    RequestAct,
    RequestEntry,
    RequestKind,
    RequestRefusalGround,
    RequestState,
    RequestTerms,
    RestrictionNotFoundError,
)
from residency.domain.residence.registrations import PersonNotRegisteredError
from residency.repository.cases import working_calendar
from residency.repository.limits import limit_in_force
from residency.repository.running_numbers import next_number
from residency.tables import (
    data_subject_request_history,
    data_subject_requests,
    persons,
    restrictions,
)
from residency.wire import data_subject_requests as wire

NOTE = b"data subject request"
_SERIES = "YC"


@dataclass(frozen=True)
class NoteSeal:
    """Seals what is written in a request, each note for its request."""

    seal: Seal

    def close(self, request_uuid: UUID, note: str) -> bytes | None:
        """Seal what was written; nothing stays nothing."""
        return self.seal.seal(note.encode(), request_uuid.bytes + NOTE) if note else None

    def open(self, request_uuid: UUID, sealed: bytes | None) -> str:
        """Open what was written."""
        return self.seal.open(sealed, request_uuid.bytes + NOTE).decode() if sealed else ""


async def terms(
    tx: Transaction, kind: RequestKind, now: datetime, *, through_processor: bool
) -> RequestTerms:
    """Tell the terms of a kind that are in force."""
    today, name = ward_day(now), kind.lower()
    processor = "_processor" if through_processor else ""
    calendar = await working_calendar(tx)
    working_days = await limit_in_force(tx, "request_acknowledgement", today)
    days = await limit_in_force(tx, f"request_term_{name}{processor}", today)
    return RequestTerms(
        acknowledge_by=calendar.after(today, working_days),
        due_on=calendar.ending(today + timedelta(days=days)),
        extension_days=await limit_in_force(tx, f"request_extension_{name}", today),
    )


async def due_soon_days(tx: Transaction, today: date) -> int:
    """Tell how many days ahead a request is due soon."""
    return await limit_in_force(tx, "request_due_soon", today)


async def take_number(tx: Transaction, ward_code: str, now: datetime) -> str:
    """Take the next number of a request."""
    return await next_number(tx, _SERIES, ward_code, ward_day(now).year)


async def person_with(tx: Transaction, number_index: bytes) -> UUID | None:
    """Tell who has a number; None if nobody on the register has it."""
    statement = select(persons.c.person_id).where(persons.c.number_index == number_index)
    return (await tx.scalars(statement)).one_or_none()


async def with_person(tx: Transaction, request: DataSubjectRequest) -> DataSubjectRequest:
    """Give a request with the person it is about, who may have come onto the register since it was received."""
    if request.person_id:
        return request
    columns = persons.c
    named = select(columns.person_id).where(
        columns.number_index.between(*indexes_of(request.subject))
    )
    return replace(request, person_id=(await tx.scalars(named)).one_or_none())


async def add(tx: Transaction, request: DataSubjectRequest, content: str, seal: NoteSeal) -> None:
    """Enter a request with what is asked for."""
    await tx.execute(insert(data_subject_requests).values(vars(request)))
    entry = RequestEntry(request.received_at, RequestAct.RECEIVE, request.received_by, content)
    await _tell(tx, request, entry, seal)


async def save(
    tx: Transaction, request: DataSubjectRequest, entry: RequestEntry, seal: NoteSeal
) -> None:
    """Save a request that something was done with, tell its history and publish it."""
    which = data_subject_requests.c.request_uuid == request.request_uuid
    await tx.execute(update(data_subject_requests).where(which).values(vars(request)))
    await _tell(tx, request, entry, seal)


async def lock(tx: Transaction, request_number: str) -> DataSubjectRequest:
    """Load a request and have others who move it wait; raises DataSubjectRequestNotFoundError."""
    which = data_subject_requests.c.request_number == request_number
    statement = select(data_subject_requests).where(which).with_for_update()
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise DataSubjectRequestNotFoundError
    return request_of(row)


async def load(tx: Transaction, request_uuid: UUID) -> DataSubjectRequest:
    """Load a request that is there."""
    which = data_subject_requests.c.request_uuid == request_uuid
    return request_of((await tx.execute(select(data_subject_requests).where(which))).one())


async def restrict(tx: Transaction, request: DataSubjectRequest, now: datetime) -> None:
    """Have a restriction stand from now on; raises PersonNotRegisteredError."""
    values = {
        "request_uuid": request.request_uuid,
        "person_id": person_of_request(request),
        "restricted_at": now,
    }
    await tx.execute(insert(restrictions).values(values))


async def lift(tx: Transaction, request: DataSubjectRequest, account: str, now: datetime) -> None:
    """End the restriction of a request; raises RestrictionNotFoundError."""
    which = (restrictions.c.request_uuid == request.request_uuid) & _stands()
    lifting = update(restrictions).where(which).values(lifted_at=now, lifted_by=account)
    if not (await tx.execute(lifting)).rowcount:
        raise RestrictionNotFoundError


def person_of_request(request: DataSubjectRequest) -> UUID:
    """Tell whom on the register a request is about; raises PersonNotRegisteredError."""
    if request.person_id is None:
        raise PersonNotRegisteredError
    return request.person_id


def request_of(row: Row[Any]) -> DataSubjectRequest:
    """Read a request."""
    columns = {name: getattr(row, name) for name in DataSubjectRequest.__dataclass_fields__}
    ground = columns["refusal_ground"]
    return DataSubjectRequest(
        **columns
        | {
            "kind": RequestKind(columns["kind"]),
            "state": RequestState(columns["state"]),
            "refusal_ground": RequestRefusalGround(ground) if ground else None,
        }
    )


def entry_columns() -> Sequence[ColumnElement[Any]]:
    """Name the columns that `entry_of` reads."""
    history = data_subject_request_history.c
    return (history.at, history.act, history.account, history.note_sealed)


def entry_of(row: Row[Any], seal: NoteSeal) -> RequestEntry:
    """Read what was done with a request."""
    note = seal.open(row.request_uuid, row.note_sealed)
    return RequestEntry(row.at, RequestAct(row.act), row.account, note)


def restriction_stands() -> ColumnElement[bool]:
    """Say in SQL: the request brought about a restriction that stands."""
    of_request = restrictions.c.request_uuid == data_subject_requests.c.request_uuid
    return exists().where(of_request, _stands())


def is_open() -> ColumnElement[bool]:
    """Say in SQL: the request is still to be answered."""
    return data_subject_requests.c.state.in_(OPEN_STATES)


def _stands() -> ColumnElement[bool]:
    return restrictions.c.lifted_at.is_(None)


async def _tell(
    tx: Transaction, request: DataSubjectRequest, entry: RequestEntry, seal: NoteSeal
) -> None:
    await tx.execute(
        insert(data_subject_request_history).values(
            request_uuid=request.request_uuid,
            at=entry.at,
            act=entry.act,
            account=entry.account,
            note_sealed=seal.close(request.request_uuid, entry.note),
        )
    )
    await outbox.add(tx, tables.outbox, entry.at, wire.request_moved(request, entry.act))
