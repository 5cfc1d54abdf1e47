"""Cases as an operation loads and saves them: with their history and their event, in one transaction.

A case's row is locked before anything of the register is.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    LargeBinary,
    Row,
    Table,
    any_,
    insert,
    literal,
    select,
    update,
)

from chassis.calendar import decided_days
from chassis.calendar.working_days import WorkingCalendar
from chassis.sealing import Seal
from chassis.storage import outbox, running_numbers
from chassis.storage.database import Transaction
from residency import tables
from residency.domain.cases.calendar import ProcessingClock
from residency.domain.cases.declarations import CaseKind, ResidenceDeclaration
from residency.domain.cases.machine import Case, CaseNotFoundError, CaseNumber
from residency.domain.cases.states import (
    OPEN_STATES,
    CaseAct,
    CaseChannel,
    CaseState,
    IdentityCheck,
    RefusalGround,
)
from residency.domain.cases.told import HistoryEntry
from residency.domain.residence.registrations import Registration, RegistrationNotFoundError
from residency.repository.limits import limit_in_force
from residency.tables import (
    absences,
    case_absences,
    case_history,
    case_numbers,
    case_registrations,
    case_stays,
    cases,
    guest_stays,
    persons,
    registrations,
)
from residency.tables.bitemporal import known
from residency.tables.duplicates import standing
from residency.wire.cases import answers, declarations

_HIDDEN, _HIDDEN_FROM = "HS", 900_000_000
_LINKS = {registrations: case_registrations, guest_stays: case_stays, absences: case_absences}


@dataclass(frozen=True)
class CaseSeal:
    """Seals what a case holds of persons, each content for its case and its use."""

    seal: Seal

    def declaration(self, case_id: UUID, declaration: ResidenceDeclaration) -> bytes:
        """Seal a declaration."""
        content = declarations.declaration_message(declaration).SerializeToString()
        return self.seal.seal(content, _place(case_id, b"declaration"))

    def open_declaration(self, case_id: UUID, sealed: bytes, today: date) -> ResidenceDeclaration:
        """Open a declaration."""
        content = self.seal.open(sealed, _place(case_id, b"declaration"))
        return declarations.stored_declaration(content, today)

    def note(self, case_id: UUID, note: str) -> bytes | None:
        """Seal what was written; nothing stays nothing."""
        return self.seal.seal(note.encode(), _place(case_id, b"note")) if note else None

    def open_note(self, case_id: UUID, sealed: bytes | None) -> str:
        """Open what was written."""
        return self.seal.open(sealed, _place(case_id, b"note")).decode() if sealed else ""


async def next_number(tx: Transaction, ward_code: str, year: int) -> CaseNumber:
    """Take the next running number of a year; others who take one wait until this transaction has ended."""
    last = await running_numbers.next_number(tx, case_numbers, ward_code=ward_code, year=year)
    return CaseNumber(ward_code, year, last)


async def next_hidden_number(tx: Transaction, ward_code: str, year: int) -> CaseNumber:
    """Take the next number of a case that officers alone see.

    They have numbers of their own: a gap between two of a citizen's drafts would tell that one was made meanwhile.
    """
    hidden = tables.running_numbers
    last = await running_numbers.next_number(
        tx, hidden, series=_HIDDEN, ward_code=ward_code, year=year
    )
    return CaseNumber(ward_code, year, _HIDDEN_FROM + last)


async def add(
    tx: Transaction, case: Case, declaration: ResidenceDeclaration, seal: CaseSeal
) -> None:
    """Enter a draft."""
    sealed = seal.declaration(case.case_id, declaration)
    await tx.execute(insert(cases).values(declaration_sealed=sealed, **_columns(case)))
    await _note(tx, case, CaseAct.CREATE, case.account, case.created_at, None)


async def lock(tx: Transaction, case_number: str) -> Case:
    """Load a case and have others who move it wait; raises CaseNotFoundError."""
    statement = select(cases).where(cases.c.case_number == case_number).with_for_update()
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise CaseNotFoundError
    return case_of(row)


async def load(tx: Transaction, case_id: UUID) -> Case:
    """Load a case that is there."""
    return case_of((await tx.execute(select(cases).where(cases.c.case_id == case_id))).one())


async def load_declaration(
    tx: Transaction, case: Case, seal: CaseSeal, today: date
) -> ResidenceDeclaration:
    """Open the declaration of a case."""
    statement = select(cases.c.declaration_sealed).where(cases.c.case_id == case.case_id)
    sealed = (await tx.scalars(statement)).one()
    return seal.open_declaration(case.case_id, sealed, today)


async def save_declaration(
    tx: Transaction, case: Case, declaration: ResidenceDeclaration, seal: CaseSeal
) -> None:
    """Put a supplemented declaration in the place of the one before."""
    sealed = seal.declaration(case.case_id, declaration)
    await tx.execute(
        update(cases).where(cases.c.case_id == case.case_id).values(declaration_sealed=sealed)
    )


async def save(
    tx: Transaction,
    case: Case,
    act: CaseAct,
    account: str,
    now: datetime,
    note_sealed: bytes | None = None,
) -> None:
    """Save a case that was moved, tell its history and publish it."""
    await tx.execute(update(cases).where(cases.c.case_id == case.case_id).values(_columns(case)))
    await _note(tx, case, act, account, now, note_sealed)
    await outbox.add(tx, tables.outbox, now, answers.case_moved(case))


async def last_entry(tx: Transaction, case: Case, act: CaseAct, seal: CaseSeal) -> HistoryEntry:
    """Tell when something was done with a case last; it was done."""
    statement = (
        select(*history_columns())
        .where(case_history.c.case_id == case.case_id, case_history.c.act == act)
        .order_by(case_history.c.entry_id.desc())
        .limit(1)
    )
    return entry_of((await tx.execute(statement)).one(), case, seal)


async def link(tx: Transaction, case: Case, entries: Table, entry_id: UUID) -> None:
    """Remember that a case entered something: a registration, a stay or an absence."""
    links = _LINKS[entries]
    key = next(iter(entries.primary_key))
    await tx.execute(insert(links).values({"case_id": case.case_id, key.name: entry_id}))


async def linked(tx: Transaction, case: Case, entries: Table) -> list[UUID]:
    """Tell which entries hold that a case made, or that correct what it made."""
    links, key = _LINKS[entries], next(iter(entries.primary_key))
    entered = (
        select(links.c[key.name].label("entry_id"))
        .where(links.c.case_id == case.case_id)
        .cte("entered", recursive=True)
    )
    entered = entered.union(select(key).where(entries.c.corrects == entered.c.entry_id))
    holding = select(key).join(entered, entered.c.entry_id == key).where(known(entries, None))
    return list((await tx.scalars(holding.order_by(key))).all())


async def check_declared(
    tx: Transaction, registration: Registration, number_indexes: Collection[bytes]
) -> None:
    """Refuse a registration of a person who is not declared, like one that does not exist."""
    declared = literal(list(number_indexes), ARRAY(LargeBinary))
    statement = select(standing()).where(persons.c.number_index == any_(declared))
    if registration.person_id not in (await tx.scalars(statement)).all():
        raise RegistrationNotFoundError


async def term_days(tx: Transaction, kind: CaseKind, day: date) -> int:
    """Tell the term of a kind in force on a day, working days."""
    return await limit_in_force(tx, f"case_term_{kind.lower()}", day)


async def supplement_days(tx: Transaction, day: date) -> int:
    """Tell how many days a citizen has for a supplement that is asked for on a day."""
    return await limit_in_force(tx, "case_supplement_term", day)


async def working_calendar(tx: Transaction) -> WorkingCalendar:
    """Load the calendar with all days that were decided."""
    return await decided_days.working_calendar(tx, tables.decided_days)


def case_of(row: Row[Any]) -> Case:
    """Read a case."""
    clock = None
    if row.term_days is not None:
        clock = ProcessingClock(row.term_days, row.used_days, row.running_since, row.due_on)
    return Case(
        case_id=row.case_id,
        case_number=row.case_number,
        ward_code=row.ward_code,
        kind=CaseKind(row.kind),
        channel=CaseChannel(row.channel),
        account=row.account,
        created_at=row.created_at,
        state=CaseState(row.state),
        identity_check=IdentityCheck(row.identity_check),
        submitted_at=row.submitted_at,
        accepted_by=row.accepted_by,
        accepted_at=row.accepted_at,
        verified_by=row.verified_by,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        refusal_ground=RefusalGround(row.refusal_ground) if row.refusal_ground else None,
        clock=clock,
        supplement_due_on=row.supplement_due_on,
        written_by=frozenset(row.written_by),
        renews=row.renews,
    )


def open_cases() -> ColumnElement[bool]:
    """Say in SQL: officers still have to do something about the case."""
    return cases.c.decided_at.is_(None) & cases.c.state.in_(OPEN_STATES)


def history_columns() -> Iterable[ColumnElement[Any]]:
    """Name the columns that `entry_of` reads."""
    return (
        case_history.c.at,
        case_history.c.act,
        case_history.c.state.label("state_then"),
        case_history.c.due_on.label("due_then"),
        case_history.c.account.label("done_by"),
        case_history.c.note_sealed,
    )


def entry_of(row: Row[Any], case: Case, seal: CaseSeal) -> HistoryEntry:
    """Read what was done with a case."""
    return HistoryEntry(
        at=row.at,
        act=CaseAct(row.act),
        state=CaseState(row.state_then),
        due_on=row.due_then,
        account=row.done_by,
        note=seal.open_note(case.case_id, row.note_sealed),
    )


async def _note(
    tx: Transaction,
    case: Case,
    act: CaseAct,
    account: str,
    now: datetime,
    note_sealed: bytes | None,
) -> None:
    await tx.execute(
        insert(case_history).values(
            case_id=case.case_id,
            at=now,
            act=act,
            state=case.state,
            due_on=case.supplement_due_on or case.due_on,
            account=account,
            note_sealed=note_sealed,
        )
    )


def _columns(case: Case) -> dict[str, Any]:
    clock = case.clock
    return {
        **{name: value for name, value in vars(case).items() if name != "clock"},
        "written_by": sorted(case.written_by),
        "term_days": clock and clock.term_days,
        "used_days": clock and clock.used_days,
        "running_since": clock and clock.running_since,
        "due_on": clock and clock.due_on,
    }


def _place(case_id: UUID, use: bytes) -> bytes:
    return case_id.bytes + use
