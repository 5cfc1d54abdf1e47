"""What of a person is kept by which law, and the deletion of all else.

Of entries of two times a chain goes as a whole: what was corrected, merged or renewed with what took its place, since
all of it says the same thing of the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Table,
    case,
    delete,
    exists,
    false,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on

from chassis.clock import ward_time
from chassis.storage.database import Transaction
from residency.domain.cases.states import CaseState
from residency.domain.protection.data_subject_requests import (
    DataClass,
    DataSubjectRequest,
    RetentionRule,
)
from residency.domain.residence.assistance import AssistanceBasis
from residency.repository import persons as persons_repository
from residency.repository.stays import of_guest
from residency.tables import (
    absences,
    assistance_needs,
    case_absences,
    case_history,
    case_stays,
    cases,
    guest_stays,
    persons,
    retention_rules,
)

_LINKS = {guest_stays: case_stays, absences: case_absences}
_UNFINISHED: Mapping[str, CaseState] = {
    DataClass.DRAFT_CASE: CaseState.DRAFT,
    DataClass.WITHDRAWN_CASE: CaseState.WITHDRAWN,
}
_FORGOTTEN = {"phone_sealed": None, "phone_index": None, "email_sealed": None}


@dataclass(frozen=True)
class Whose:
    """Whose data it is: the locked records of a person of the register, and what the account calls who asks."""

    records: list[UUID]
    subject: str

    @property
    def as_guest(self) -> ColumnElement[bool]:
        """Say in SQL: a stay of this guest, who may be none of the register's."""
        numbers = select(persons.c.number_index).where(persons.c.person_id.in_(self.records))
        return or_(guest_stays.c.guest_index.in_(numbers), of_guest(self.subject))


async def delete_unkept(
    tx: Transaction, request: DataSubjectRequest, today: date
) -> tuple[list[str], list[RetentionRule]]:
    """Delete what no rule in force has kept any longer; tell what was deleted, as people name it, and what is kept.

    Whoever calls has locked the dwellings whose counts may change.
    """
    records = []
    if request.person_id:
        records = await persons_repository.lock_records_of(tx, request.person_id)
    whose = Whose(records, request.subject)
    rules = await rules_in_force(tx, today)
    deleted = [rule.name_vi for rule in rules if await _delete(tx, rule, whose, today)]
    return deleted, [rule for rule in rules if rule.kept]


async def forget_cases(tx: Transaction, today: date, limit: int) -> int:
    """Delete some cases, with their history, with which nothing was done for so long that no rule keeps them.

    Tells how many.
    """
    over = [
        (cases.c.state == _UNFINISHED[rule.data_class]) & _untouched_since(day)
        for rule in await rules_in_force(tx, today)
        if rule.data_class in _UNFINISHED and (day := rule.over_by(today))
    ]
    statement = select(cases.c.case_id).where(or_(false(), *over)).limit(limit)
    ids = (await tx.scalars(statement.with_for_update(skip_locked=True))).all()
    await tx.execute(delete(case_history).where(case_history.c.case_id.in_(ids)))
    await tx.execute(delete(cases).where(cases.c.case_id.in_(ids)))
    return len(ids)


def _untouched_since(day: date) -> ColumnElement[bool]:
    history = case_history.c
    since = exists().where(history.case_id == cases.c.case_id, history.at >= ward_time(day))
    return ~since.correlate(cases)


async def rules_in_force(tx: Transaction, today: date) -> list[RetentionRule]:
    """Load what is kept how long, in order of its class."""
    rules = retention_rules.c
    statement = (
        select(rules.data_class, rules.kept, rules.kept_months, rules.name_vi, rules.source)
        .ext(distinct_on(rules.data_class))
        .where(rules.effective_from <= today)
        .order_by(rules.data_class, rules.effective_from.desc())
    )
    return [RetentionRule(*row) for row in await tx.execute(statement)]


async def _delete(tx: Transaction, rule: RetentionRule, whose: Whose, today: date) -> int:
    """Delete what a rule lets go of a class; tell how many entries."""
    if rule.kept and rule.kept_months is None:
        return 0
    needs = assistance_needs.c
    by_law = needs.basis.is_not_distinct_from(AssistanceBasis.LAW.value)
    of_person = needs.person_id.in_(whose.records)
    day = rule.over_by(today)
    match rule.data_class:
        case DataClass.CONTACT:
            return await _forget_contacts(tx, whose.records)
        case DataClass.ASSISTANCE_CONSENTED:
            return await _delete_chains(tx, assistance_needs, of_person & ~by_law, day)
        case DataClass.ASSISTANCE_REQUIRED:
            return await _delete_chains(tx, assistance_needs, of_person & by_law, day)
        case DataClass.STAY:
            return await _delete_chains(tx, guest_stays, whose.as_guest, day)
        case DataClass.ABSENCE:
            of_person = absences.c.person_id.in_(whose.records)
            return await _delete_chains(tx, absences, of_person, day)
        case _:
            return 0


async def _forget_contacts(tx: Transaction, records: list[UUID]) -> int:
    held = or_(persons.c.phone_sealed.is_not(None), persons.c.email_sealed.is_not(None))
    forgetting = update(persons).where(persons.c.person_id.in_(records), held).values(_FORGOTTEN)
    return int((await tx.execute(forgetting)).rowcount)


async def _delete_chains(
    tx: Transaction, table: Table, which: ColumnElement[bool], over_by: date | None
) -> int:
    """Delete the chains whose last entry is one of these, and ended or was annulled by a day; all where it is None."""
    (key,) = table.primary_key
    later = table.alias("later")
    last = ~exists().where(later.c.corrects == key).correlate(table)
    over = true() if over_by is None else _over(table, over_by)
    chain = select(key.label("entry_id"), table.c.corrects).where(which, last, over)
    entries = chain.cte("chain", recursive=True)
    before = select(key, table.c.corrects).join(entries, entries.c.corrects == key)
    entries = entries.union(before)
    ids = list((await tx.scalars(select(entries.c.entry_id))).all())
    if table in _LINKS:
        link = _LINKS[table]
        await tx.execute(delete(link).where(link.c[key.name].in_(ids)))
    await tx.execute(delete(table).where(key.in_(ids)))
    return len(ids)


def _over(table: Table, day: date) -> ColumnElement[bool]:
    annulled = table.c.superseded_at
    return case(
        (annulled.is_not(None), annulled < ward_time(day + timedelta(days=1))),
        else_=table.c.ends_on <= day,
    )
