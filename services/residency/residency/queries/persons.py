"""By which number persons are found, and corrections of persons."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from chassis.storage.database import Database
from residency.domain.lookups.disclosure import Asker, Way
from residency.domain.lookups.pseudonyms import PersonNotFoundError
from residency.domain.persons.identity import PastCorrection
from residency.repository.disclosure import disclosure_to, require_shown
from residency.tables import person_corrections, persons
from residency.tables.duplicates import holder_of, holder_of_record

# Which columns make up each field that can be corrected.
_FIELDS = {
    "personal_id_number": ("number_index",),
    "full_name": ("full_name",),
    "birth_date": ("birth_year", "birth_month", "birth_day"),
    "sex": ("sex",),
    "nationality": ("nationality",),
}
_COMPARED = [column for columns in _FIELDS.values() for column in columns]


class PersonQueries:
    """Tells by which number persons are found, and who corrected what of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def number_index(self, person_id: UUID) -> bytes:
        """Tell the blind index of the number of the record that stands for a person's; raises PersonNotFoundError."""
        holder = holder_of_record(person_id)
        statement = select(persons.c.number_index).where(persons.c.person_id == holder)
        async with self._database.transaction() as tx:
            index: bytes | None = await tx.scalar(statement)
        if index is None:
            raise PersonNotFoundError
        return index

    async def corrections(
        self, number_index: bytes, asker: Asker, today: date
    ) -> list[PastCorrection] | None:
        """Tell the corrections of who has a number, newest first; None if nobody has it.

        Raises DisclosureNotAllowedError where nothing may be told of the person.
        """
        was = person_corrections.c
        statement = (
            select(
                was.corrected_at,
                was.corrected_by,
                was.reference,
                *(was[name].label(f"was_{name}") for name in _COMPARED),
                *(persons.c[name] for name in _COMPARED),
            )
            .select_from(
                persons.outerjoin(person_corrections, was.person_id == persons.c.person_id)
            )
            .where(persons.c.person_id == holder_of(number_index))
            .order_by(was.corrected_at.desc())
        )
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            await require_shown(tx, disclosure, holder_of(number_index))
            rows = (await tx.execute(statement)).all()
        if not rows:
            return None
        return _corrections([row for row in rows if row.corrected_at is not None])


def _corrections(rows: list[Row[Any]]) -> list[PastCorrection]:
    """Read what each correction changed: what was said before it differs from what was said after it."""
    told = []
    for newer, row in zip([None, *rows], rows, strict=False):
        after = {
            name: getattr(row, name) if newer is None else getattr(newer, f"was_{name}")
            for name in _COMPARED
        }
        changed = (
            field
            for field, columns in _FIELDS.items()
            if any(getattr(row, f"was_{name}") != after[name] for name in columns)
        )
        told.append(
            PastCorrection(row.corrected_at, row.corrected_by, row.reference, tuple(changed))
        )
    return told
