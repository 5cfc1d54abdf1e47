"""Merges of two records of a person, as an operation carries them out and undoes them.

What the losing record holds is superseded, and entered anew for the surviving one as known from then on; undoing gives
what became of it back in the same way. A membership of a household follows its registration.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, RowMapping, Table, exists, insert, select, update

from chassis.storage.database import Transaction
from residency.domain.duplicates import (
    Claim,
    MergeNotFoundError,
    MergeOfSurvivorError,
    PersonMerge,
    Undoing,
    check_compatible,
)
from residency.domain.persons.person_name import FullName
from residency.domain.persons.sealing import ParticularsSeal
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.registrations import Origin, ResidenceKind, Term
from residency.repository import entries, households, search
from residency.repository.persons import LOCK_ORDER
from residency.tables import (
    absences,
    assistance_needs,
    guest_stays,
    person_merges,
    persons,
    registrations,
)

NewId = Callable[[], UUID]


@dataclass(frozen=True)
class Record:
    """A locked record of a person: its id, and the index of its number, by which guest stays are found.

    `stands` is false while another record stands for it.
    """

    person_id: UUID
    guest_index: bytes
    full_name: FullName
    stands: bool


@dataclass(frozen=True)
class Held:
    """A table of what persons hold: what its entries are called, and of what one person has one at a time.

    `only` names that of an entry, as the exclusion constraints keep it, or of temporary residences the dwelling's lock;
    empty for what one may have several of. `owner` is the column by which an entry is a person's, `sealed` the one
    whose content is sealed for its row.
    """

    table: Table
    name: str
    only: Callable[[RowMapping], str]
    owner: str = "person_id"
    sealed: str = ""

    def of(self, record: Record) -> ColumnElement[bool]:
        """Select the entries of a record."""
        owned: ColumnElement[bool] = self.table.c[self.owner] == getattr(record, self.owner)
        return owned

    def claim(self, entry: RowMapping) -> Claim:
        """Tell what an entry says that one person has."""
        (key,) = self.table.primary_key
        return Claim(f"{self.name}:{entry[key.name]}", self.only(entry), _lasts(entry))


def _residence(entry: RowMapping) -> str:
    if entry["kind"] == ResidenceKind.PERMANENT:
        return "permanent residence"
    return f"temporary residence in {entry['dwelling_id']}"


def _absence(_entry: RowMapping) -> str:
    return "absence"


def _need(entry: RowMapping) -> str:
    return str(entry["type"])


def _night(entry: RowMapping) -> str:
    return "" if entry["kind"] == StayKind.STANDING else "night"


_REGISTRATIONS = Held(registrations, "registration", _residence)
HELD = (
    _REGISTRATIONS,
    Held(absences, "absence", _absence, sealed="particulars_sealed"),
    Held(assistance_needs, "need", _need, sealed="proxy_sealed"),
    Held(guest_stays, "stay", _night, owner="guest_index", sealed="particulars_sealed"),
)


async def lock_records(tx: Transaction, person_ids: Sequence[UUID]) -> list[Record]:
    """Lock records, as all do in one order; tell them in the order asked for."""
    columns = persons.c
    statement = (
        select(columns.person_id, columns.number_index, columns.full_name, columns.merged_into)
        .where(columns.person_id.in_(person_ids))
        .order_by(*LOCK_ORDER)
        .with_for_update(key_share=True)
    )
    found = {
        key: Record(key, number_index, FullName(full_name), stands=merged_into is None)
        for key, number_index, full_name, merged_into in await tx.execute(statement)
    }
    return [found[person_id] for person_id in person_ids]


async def dwellings_of(tx: Transaction, person_ids: Sequence[UUID]) -> list[UUID]:
    """Tell where these are or were registered or a guest."""
    indexes = select(persons.c.number_index).where(persons.c.person_id.in_(person_ids))
    registered = select(registrations.c.dwelling_id).where(
        registrations.c.person_id.in_(person_ids)
    )
    as_guests = select(guest_stays.c.dwelling_id).where(guest_stays.c.guest_index.in_(indexes))
    return list((await tx.scalars(registered.union(as_guests))).all())


async def check_loser(tx: Transaction, losing_id: UUID) -> None:
    """Refuse to give up a record that another was merged into; raises MergeOfSurvivorError."""
    survives = select(exists().where(persons.c.merged_into == losing_id))
    if await tx.scalar(survives):
        raise MergeOfSurvivorError


async def merge(
    tx: Transaction,
    merged: PersonMerge,
    losing: Record,
    surviving: Record,
    seal: ParticularsSeal,
    new_id: NewId,
) -> None:
    """Have a locked record stand for another and hold what that held; raises MergeConflictError."""
    held = [(one, await entries.holding(tx, one.table, one.of(losing))) for one in HELD]
    claims = [one.claim(entry) for one, found in held for entry in found]
    check_compatible(claims, await _claims(tx, surviving))
    await tx.execute(insert(person_merges).values(_columns(merged)))
    await _point(tx, losing, surviving)
    await search.forget_person(tx, losing.person_id)
    origin = Origin(merged.merged_by, merged.reference)
    giving = _Giving(tx, surviving, seal, origin, new_id, merged.merged_at)
    for one, found in held:
        for entry in found:
            await giving.give(one, entry)


async def undo(
    tx: Transaction,
    merged: PersonMerge,
    undoing: Undoing,
    losing: Record,
    seal: ParticularsSeal,
    new_id: NewId,
) -> None:
    """Have the losing record, which is locked, stand for itself again, and give back what became of what it held.

    Raises HouseholderExistsError where a household of then has another householder by now.
    """
    await tx.execute(
        update(person_merges)
        .where(person_merges.c.merge_id == merged.merge_id)
        .values(undone_at=undoing.at, undone_by=undoing.account, undo_reason=undoing.reason)
    )
    await _point(tx, losing, losing)
    await search.index_person(tx, losing.person_id, losing.full_name)
    origin = Origin(undoing.account, merged.reference)
    giving = _Giving(tx, losing, seal, origin, new_id, undoing.at)
    registered = []
    for one in HELD:
        for came_from, entry in await entries.descended(tx, one.table, merged.reference):
            given = await giving.give(one, entry)
            if one is _REGISTRATIONS:
                registered.append((came_from, given, _lasts(entry)))
    for came_from, given, lasts in registered:
        await giving.former_households(came_from, merged.merged_at, given, lasts)


async def candidate_of(tx: Transaction, merge_id: UUID) -> UUID:
    """Tell the candidate that a merge decided; raises MergeNotFoundError."""
    statement = select(person_merges.c.candidate_id).where(person_merges.c.merge_id == merge_id)
    found: UUID | None = await tx.scalar(statement)
    if found is None:
        raise MergeNotFoundError
    return found


async def load_merge(tx: Transaction, merge_id: UUID) -> PersonMerge:
    """Load a merge that is there."""
    statement = select(person_merges).where(person_merges.c.merge_id == merge_id)
    return merge_of((await tx.execute(statement)).one())


async def indexes_of(tx: Transaction, person_ids: Sequence[UUID]) -> list[bytes]:
    """Tell the blind indexes of the numbers of records, in the order asked for."""
    statement = select(persons.c.person_id, persons.c.number_index).where(
        persons.c.person_id.in_(person_ids)
    )
    found = {row.person_id: row.number_index for row in await tx.execute(statement)}
    return [found[person_id] for person_id in person_ids]


async def merge_of_candidate(tx: Transaction, candidate_id: UUID) -> UUID:
    """Tell the merge that stands by which a candidate was decided; there is one."""
    columns = person_merges.c
    statement = select(columns.merge_id).where(
        columns.candidate_id == candidate_id, columns.undone_at.is_(None)
    )
    merge_id: UUID = (await tx.scalars(statement)).one()
    return merge_id


def merge_of(row: Row[Any]) -> PersonMerge:
    """Read a merge."""
    undone = row.undone_at and Undoing(row.undone_at, row.undone_by, row.undo_reason)
    return PersonMerge(
        merge_id=row.merge_id,
        candidate_id=row.candidate_id,
        losing_id=row.losing_id,
        surviving_id=row.surviving_id,
        reason=row.reason,
        proposed_by=row.proposed_by,
        merged_by=row.merged_by,
        merged_at=row.merged_at,
        undone=undone,
    )


@dataclass(frozen=True)
class _Giving:
    """Gives entries to a record, in one transaction."""

    tx: Transaction
    to: Record
    seal: ParticularsSeal
    origin: Origin
    new_id: NewId
    now: datetime

    async def give(self, held: Held, entry: RowMapping) -> UUID:
        """Enter an entry for the record in the place of another's, sealed for its own row; tell its id."""
        (key,), entry_id = held.table.primary_key, self.new_id()
        changed = {key.name: entry_id, held.owner: getattr(self.to, held.owner)}
        if held.sealed and entry[held.sealed] is not None:
            opened = self.seal.open(entry[held.sealed], entry[key.name])
            changed[held.sealed] = self.seal.seal(opened, entry_id)
        await entries.give_to(self.tx, held.table, entry, changed, self.origin, self.now)
        if held is _REGISTRATIONS:
            await self._give_households(entry[key.name], entry_id)
        return entry_id

    async def former_households(
        self, registration_id: UUID, until: datetime, given: UUID, lasts: Term | None
    ) -> None:
        """Have the record belong where it did by a registration until then, on days of the one given in its place.

        On days on which it belongs to a household it stays there.
        """
        for former in await households.superseded_at(self.tx, registration_id, until):
            common = former.lasts.common_with(lasts) if lasts else None
            taken = await households.terms_of(self.tx, self.to.person_id)
            for free in common.without(taken) if common else ():
                back = replace(
                    former, membership_id=self.new_id(), registration_id=given, lasts=free
                )
                await households.belong(self.tx, back, self.origin, self.now)

    async def _give_households(self, registration_id: UUID, given: UUID) -> None:
        """Have the record belong to the households of a registration given to it, on days it belongs to none."""
        members = await households.of_registration(self.tx, registration_id)
        taken = await households.terms_of(self.tx, self.to.person_id)
        fitting = [
            (replace(one, person_id=self.to.person_id, registration_id=given), free)
            for one in members
            for free in one.lasts.without(taken)
        ]
        await households.replace_with(
            self.tx, members, fitting, self.origin, self.new_id, self.now
        )


async def _claims(tx: Transaction, record: Record) -> list[Claim]:
    return [
        one.claim(entry)
        for one in HELD
        for entry in await entries.holding(tx, one.table, one.of(record))
    ]


async def _point(tx: Transaction, record: Record, standing: Record) -> None:
    """Have a record point to the one that stands for it; one that stands for itself points nowhere."""
    merged_into = None if standing is record else standing.person_id
    which = persons.c.person_id == record.person_id
    await tx.execute(update(persons).where(which).values(merged_into=merged_into))


def _lasts(entry: RowMapping) -> Term | None:
    """Tell the days on which an entry is so; None if there are none."""
    begins, ends = entry["valid_from"], entry["ends_on"]
    return None if ends is not None and ends <= begins else Term(begins, ends)


def _columns(merged: PersonMerge) -> dict[str, Any]:
    return {name: value for name, value in vars(merged).items() if name != "undone"}
