"""What the account of accesses tells."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, null, or_, select, true

from chassis.account.access_account import linked_of
from chassis.account.access_chain import Head
from chassis.account.access_log import is_about
from chassis.storage.database import Database
from residency.domain.persons.sealing import subject_of
from residency.domain.protection.account import (
    AccessFilter,
    AccountedAccess,
    AccountStatus,
    Mark,
    Named,
    Names,
)
from residency.tables import person_corrections, person_merges, persons
from residency.tables.account import account, are_of
from residency.tables.duplicates import holder_of, records_of

_records, _marks, _checkpoints = account.records, account.marks, account.checkpoints
# As `linked_of` reads them.
_LINKED = (
    _records.c.position,
    _records.c.format,
    _records.c.previous_hash,
    _records.c.hash,
    _records.c.record_id,
    _records.c.recorded_at,
    _records.c.account,
    _records.c.actor,
    _records.c.roles,
    _records.c.method,
    _records.c.purpose,
    _records.c.legal_basis,
    _records.c.reference,
    _records.c.subject,
    _records.c.fields,
    _records.c.outcome,
    _records.c.request_id,
    _records.c.ward_code,
)


class AccountQueries:
    """Answers questions about accesses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_accesses(
        self, which: AccessFilter, before: int | None, limit: int
    ) -> list[AccountedAccess]:
        """List accesses, newest first, from before a position on."""
        statement = (
            select(*_LINKED)
            .where(*_conditions(which, before))
            .order_by(_records.c.position.desc())
            .limit(limit)
        )
        async with self._database.transaction() as tx:
            linked = [linked_of(row) for row in await tx.execute(statement)]
        return [AccountedAccess(one.position, one.record) for one in linked]

    async def names_of(self, number_index: bytes) -> Names:
        """Tell by what names the account knows who has a number, on the register now, before or never.

        An earlier number was theirs from when it was entered until it was corrected. Who stood under theirs by mistake
        had it for as long. While a record was merged with another, by mistake, a look at either showed both.
        """
        records = records_of(holder_of(number_index))
        held, before = person_corrections, person_corrections.alias("before")
        now = select(true(), persons.c.number_index, null(), null()).where(
            persons.c.person_id.in_(records)
        )
        began = select(func.max(before.c.corrected_at)).where(
            before.c.person_id == held.c.person_id, before.c.corrected_at < held.c.corrected_at
        )
        numbers = select(persons.c.number_index).where(persons.c.person_id.in_(records))
        concerned = or_(
            held.c.person_id.in_(records),
            held.c.number_index.in_(numbers),
            held.c.number_index == number_index,
        )
        earlier = (
            select(
                held.c.person_id.in_(records),
                held.c.number_index,
                func.coalesce(began.scalar_subquery(), persons.c.recorded_at),
                held.c.corrected_at,
            )
            .join(persons, persons.c.person_id == held.c.person_id)
            .where(concerned)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(now.union_all(earlier, _merged_for_a_while(records)))).all()
        known = [(theirs, Named(subject_of(index), *span)) for theirs, index, *span in rows]
        asked = Named(subject_of(number_index))
        return Names(
            theirs=list({asked, *(name for theirs, name in known if theirs)}),
            anothers=tuple(name for theirs, name in known if not theirs),
        )

    async def status(self) -> AccountStatus:
        """Tell how far the chain goes and what is known of it."""
        start = (
            select(_checkpoints.c.position, _checkpoints.c.hash)
            .order_by(_checkpoints.c.position.desc())
            .limit(1)
            .subquery("start")
        )
        head = (
            select(_records.c.position, _records.c.hash)
            .order_by(_records.c.position.desc())
            .limit(1)
            .subquery("head")
        )
        verified = (
            select(_marks.c.position, _marks.c.marked_at)
            .where(_marks.c.kind == "VERIFIED")
            .order_by(_marks.c.mark_id.desc())
            .limit(1)
            .subquery("verified")
        )
        statement = select(start.c.position, start.c.hash, *head.c, *verified.c).select_from(
            start.outerjoin(head, true()).outerjoin(verified, true())
        )
        async with self._database.transaction() as tx:
            row = (await tx.execute(statement)).one()
        kept_after, start_hash, position, own, *mark = row
        return AccountStatus(
            head=Head(position, own) if own else Head(kept_after, start_hash),
            kept_after=kept_after,
            verified=Mark(*mark) if mark[0] is not None else None,
        )


def _merged_for_a_while(records: Select[Any]) -> Select[Any]:
    """Select by what other numbers records were told until their merge was undone, as `names_of` reads them.

    All that were merged into the same record then stood for one person.
    """
    ours, others = person_merges.alias("ours"), person_merges.alias("others")
    since = func.greatest(ours.c.merged_at, others.c.merged_at)
    until = func.least(ours.c.undone_at, others.c.undone_at)
    stood = (persons.c.person_id == ours.c.surviving_id) & (ours.c.merge_id == others.c.merge_id)
    named = (persons.c.person_id == others.c.losing_id) | stood
    return (
        select(true(), persons.c.number_index, since, until)
        .select_from(
            ours.join(others, others.c.surviving_id == ours.c.surviving_id).join(persons, named)
        )
        .where(
            ours.c.undone_at.is_not(None),
            or_(ours.c.losing_id.in_(records), ours.c.surviving_id.in_(records)),
            since < until,
            persons.c.person_id.not_in(records),
        )
    )


def _conditions(which: AccessFilter, before: int | None) -> list[ColumnElement[bool]]:
    columns = _records.c
    equal = {
        columns.account: which.account,
        columns.purpose: which.purpose,
        columns.reference: which.reference,
        columns.outcome: which.outcome,
    }
    conditions = [column == value for column, value in equal.items() if value]
    if which.subject:
        conditions.append(is_about(_records, which.subject))
    if which.person:
        conditions.append(are_of(which.person))
    if which.since:
        conditions.append(columns.recorded_at >= which.since)
    if which.until:
        conditions.append(columns.recorded_at < which.until)
    if before is not None:
        conditions.append(columns.position < before)
    return conditions
