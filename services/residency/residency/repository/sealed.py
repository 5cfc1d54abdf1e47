"""Everything that is stored sealed, so that it can be sealed anew under another key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    bindparam,
    func,
    literal,
    select,
    update,
)

from chassis.sealing import KEY_ID_BYTES, Seal
from chassis.storage.database import Transaction
from residency.domain.persons.sealing import EMAIL, PARTICULARS, PHONE
from residency.repository.data_subject_requests import NOTE
from residency.tables import (
    absences,
    assistance_needs,
    case_history,
    cases,
    data_subject_request_history,
    guest_stays,
    person_corrections,
    persons,
)

# Of a row: an id or a running number.
Key = UUID | int


@dataclass(frozen=True)
class SealedColumn:
    """A column with sealed content: the key of its rows, and what the content is bound to, an id and its use."""

    column: Column[Any]
    key: Column[Any]
    owner: Column[Any]
    use: bytes = b""


class StoredNumber(NamedTuple):
    """The number of a person as it is stored: sealed, and indexed to be found."""

    person_id: UUID
    number_sealed: bytes
    number_index: bytes


SEALED: Sequence[SealedColumn] = (
    SealedColumn(persons.c.number_sealed, persons.c.person_id, persons.c.person_id),
    SealedColumn(persons.c.phone_sealed, persons.c.person_id, persons.c.person_id, PHONE),
    SealedColumn(persons.c.email_sealed, persons.c.person_id, persons.c.person_id, EMAIL),
    SealedColumn(
        person_corrections.c.number_sealed,
        person_corrections.c.correction_id,
        person_corrections.c.person_id,
    ),
    SealedColumn(cases.c.declaration_sealed, cases.c.case_id, cases.c.case_id, b"declaration"),
    SealedColumn(
        case_history.c.note_sealed, case_history.c.entry_id, case_history.c.case_id, b"note"
    ),
    SealedColumn(
        data_subject_request_history.c.note_sealed,
        data_subject_request_history.c.entry_id,
        data_subject_request_history.c.request_uuid,
        NOTE,
    ),
    SealedColumn(
        guest_stays.c.particulars_sealed,
        guest_stays.c.stay_id,
        guest_stays.c.stay_id,
        PARTICULARS,
    ),
    SealedColumn(
        absences.c.particulars_sealed,
        absences.c.absence_id,
        absences.c.absence_id,
        PARTICULARS,
    ),
    SealedColumn(
        assistance_needs.c.proxy_sealed,
        assistance_needs.c.need_id,
        assistance_needs.c.need_id,
        PARTICULARS,
    ),
)


async def any_number(tx: Transaction) -> StoredNumber | None:
    """Load the number of one person, if there is any."""
    columns = persons.c
    statement = select(columns.person_id, columns.number_sealed, columns.number_index)
    row = (await tx.execute(statement.order_by(columns.person_id).limit(1))).first()
    return StoredNumber(*row) if row else None


async def count_old(tx: Transaction, sealed: SealedColumn, key_id: bytes) -> int:
    """Count what is sealed under another key than this."""
    statement = select(func.count()).select_from(sealed.column.table)
    return int((await tx.scalars(statement.where(_is_old(sealed, key_id)))).one())


async def renew_some(
    tx: Transaction, sealed: SealedColumn, seal: Seal, after: Key | None, limit: int
) -> list[Key]:
    """Seal some rows behind `after` anew, in order of their keys; tell which."""
    statement = (
        select(sealed.key, sealed.column, sealed.owner.label("owner"))
        .where(_is_old(sealed, seal.key_id))
        .order_by(sealed.key)
        .limit(limit)
        .with_for_update(key_share=True)
    )
    if after is not None:
        statement = statement.where(sealed.key > after)
    rows = (await tx.execute(statement)).all()
    if rows:
        await tx.execute(
            update(sealed.column.table)
            .where(sealed.key == bindparam("row_key"))
            .values({sealed.column.name: bindparam("renewed")}),
            [
                {"row_key": row[0], "renewed": seal.renew(row[1], row.owner.bytes + sealed.use)}
                for row in rows
            ],
        )
    return [row[0] for row in rows]


def _is_old(sealed: SealedColumn, key_id: bytes) -> ColumnElement[bool]:
    head = func.substring(sealed.column, 1, KEY_ID_BYTES)
    return head != literal(key_id, LargeBinary)
