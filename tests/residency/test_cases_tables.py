"""What the database itself holds of cases, whoever writes."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.storage.database import Database
from residency import tables
from residency.domain.cases.declarations import CaseKind
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import NOON, StoppedClock, upkeep

pytestmark = pytest.mark.postgres


@pytest.fixture
async def owner(test_database: TestDatabase) -> AsyncGenerator[Database]:
    """Connect as the role that owns the tables."""
    connected = Database.connect(test_database.owner_url)
    yield connected
    await connected.close()


async def enter_case(database: Database, state: str, decided_by: str) -> None:
    """Enter a case with its history behind the operations' back."""
    case_id, officer = uuid4(), "officer-1"
    case: dict[str, Any] = {
        "case_id": case_id,
        "case_number": str(case_id),
        "ward_code": "11002",
        "kind": CaseKind.RENEWAL,
        "channel": "COUNTER",
        "account": officer,
        "state": state,
        "identity_check": "MATCH",
        "declaration_sealed": b"",
        "created_at": NOON,
        "submitted_at": NOON,
        "accepted_by": officer,
        "accepted_at": NOON,
        "verified_by": officer,
        "decided_by": decided_by,
        "decided_at": NOON if decided_by else None,
        "written_by": [officer, "officer-3"],
        "term_days": 3,
        "used_days": 0,
    }
    entry = {"case_id": case_id, "at": NOON, "act": "CREATE", "state": "DRAFT", "account": officer}
    async with database.transaction() as tx:
        await tx.execute(insert(tables.cases).values(case))
        await tx.execute(insert(tables.case_history).values(entry))


async def test_one_person_cannot_record_a_case_alone(database: Database) -> None:
    """Also where the operations were gone around."""
    for writer in ("officer-1", "officer-3"):
        with pytest.raises(IntegrityError, match="cases_second_person"):
            await enter_case(database, "RECORDED", writer)
    await enter_case(database, "RECORDED", "officer-2")


@pytest.mark.parametrize(
    "statement",
    [
        "update case_history set act = 'CHANGED'",
        "truncate case_history",
    ],
)
async def test_history_stays_whoever_tries(
    database: Database, owner: Database, statement: str
) -> None:
    """The service has no right to change it; the owner's attempt is refused by the trigger."""
    await enter_case(database, "VERIFYING", "")
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))
    with pytest.raises(DBAPIError, match="case_history is append-only"):
        async with owner.transaction() as tx:
            await tx.execute(text(statement))


async def test_no_case_is_deleted_that_was_handled(database: Database, owner: Database) -> None:
    """Whoever tries: neither its history nor the case itself."""
    await enter_case(database, "VERIFYING", "")
    for one in (database, owner):
        with pytest.raises(DBAPIError, match="the history of a case that was handled is kept"):
            async with one.transaction() as tx:
                await tx.execute(text("delete from case_history"))
        with pytest.raises(DBAPIError, match="cases is append-only"):
            async with one.transaction() as tx:
                await tx.execute(text("delete from cases"))


async def test_cases_that_came_to_nothing_are_forgotten_when_nothing_keeps_them(
    database: Database,
) -> None:
    """Drafts after three months, what was taken back after a year; what waits for its citizen stays."""
    for state in ("DRAFT", "WITHDRAWN", "SUPPLEMENT_REQUESTED"):
        await enter_case(database, state, "")
    left = []
    for after in (89, 94, 300, 370):
        clock = StoppedClock(NOON + timedelta(days=after))
        forgotten = await upkeep(database, clock).forget_cases()
        async with database.transaction() as tx:
            states = (await tx.scalars(select(tables.cases.c.state))).all()
            entries = (await tx.execute(select(tables.case_history))).all()
        assert len(entries) == len(states)
        left.append((forgotten, set(states)))

    waiting = {"SUPPLEMENT_REQUESTED"}
    assert left == [
        (0, {"DRAFT", "WITHDRAWN"} | waiting),
        (1, {"WITHDRAWN"} | waiting),
        (0, {"WITHDRAWN"} | waiting),
        (1, waiting),
    ]


@pytest.mark.parametrize(
    "statement",
    ["delete from case_numbers", "insert into decided_days values (now())"],
)
async def test_the_service_loses_no_number_and_decides_no_holiday(
    database: Database, statement: str
) -> None:
    """Numbers run on; the calendar is not the service's."""
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))


async def test_each_kind_of_case_has_its_term(database: Database) -> None:
    """In working days, with a source."""
    async with database.transaction() as tx:
        rows = await tx.execute(
            text("select * from legal_limits where rule like 'case_term_%' order by rule")
        )
        terms = {row.rule.removeprefix("case_term_").upper(): row for row in rows}

    assert set(terms) == set(CaseKind)
    assert {term.unit for term in terms.values()} == {"working_days"}
    assert terms[CaseKind.TEMPORARY_RESIDENCE].value == 3
