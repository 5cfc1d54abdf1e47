"""The questions to the population database: one row for each person of a case, a timer until it is answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update

from chassis.storage.database import Transaction
from residency.domain.cases.machine import Case
from residency.domain.cases.population import LONGEST_PAUSE, Question, Verdict, pause_after
from residency.tables import cases, population_checks

_ROW = population_checks.c


async def plan(tx: Transaction, case: Case, persons: int, check_id: UUID, now: datetime) -> None:
    """Have the persons of a case asked about from now on, in place of any earlier check."""
    await drop(tx, case)
    await tx.execute(
        insert(population_checks),
        [
            {
                "case_id": case.case_id,
                "person": person,
                "check_id": check_id,
                "attempts": 0,
                "due_at": now,
                "verdict": Verdict.UNAVAILABLE,
            }
            for person in range(persons)
        ],
    )


async def drop(tx: Transaction, case: Case) -> None:
    """Ask about a case no more."""
    await tx.execute(delete(population_checks).where(_ROW.case_id == case.case_id))


async def take_due(tx: Transaction, now: datetime) -> Row[Any] | None:
    """Take the question that has been due the longest, with its case; others skip it.

    Its next attempt is planned with it, so that a question whose asker dies is put again by itself. One that is due
    later than any pause lasts was planned by a clock that was ahead, and is due too; the database's clock must say so
    as well: else two replicas, one of whose clocks is behind, would take each other's questions again and again.
    """
    too_late = (now + LONGEST_PAUSE, func.now() + LONGEST_PAUSE)
    due = (
        select(cases, _ROW.person, _ROW.check_id, _ROW.attempts)
        .join(population_checks)
        .where(or_(_ROW.due_at <= now, and_(*(_ROW.due_at > one for one in too_late))))
        .order_by(_ROW.due_at)
        .limit(1)
        .with_for_update(of=population_checks, skip_locked=True)
    )
    row = (await tx.execute(due)).one_or_none()
    if row is not None:
        attempts = row.attempts + 1
        await tx.execute(
            update(population_checks)
            .where(_ROW.case_id == row.case_id, _ROW.person == row.person)
            .values(attempts=attempts, due_at=now + pause_after(attempts))
        )
    return row


async def answer(
    tx: Transaction, case: Case, question: Question, verdict: Verdict
) -> Sequence[Verdict] | None:
    """Note an answer under the case's lock; tell those of all its persons, or None if it comes too late to count."""
    noting = (
        update(population_checks)
        .where(
            _ROW.case_id == case.case_id,
            _ROW.person == question.person,
            _ROW.check_id == question.check_id,
            _ROW.due_at.is_not(None),
        )
        .values(verdict=verdict, due_at=None)
    )
    if not (await tx.execute(noting)).rowcount:
        return None
    all_answers = select(_ROW.verdict).where(_ROW.case_id == case.case_id)
    return [Verdict(one) for one in await tx.scalars(all_answers)]
