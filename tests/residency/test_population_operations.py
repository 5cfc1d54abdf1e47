"""Questions to the population database: taken by one, put again by themselves, answered once."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from chassis.clock import utc_now
from chassis.storage.database import Database
from residency import tables
from residency.app import nationalities
from residency.domain.cases.machine import Caller, Case
from residency.domain.cases.population import Verdict
from residency.domain.cases.states import IdentityCheck
from residency.operations.cases import CaseOperations, Request
from residency.operations.population import PopulationOperations
from residency.repository.cases import CaseSeal
from residency.wire.cases import declarations
from tests.residency.desk import declared, temporary
from tests.residency.samples import (
    CODES,
    CONTENT_SEAL,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    number,
    relay,
)

pytestmark = pytest.mark.postgres

CASE_SEAL = CaseSeal(CONTENT_SEAL)
CITIZEN = Caller("citizen-1", is_officer=False)
OFFICER = Caller("officer-1", is_officer=True)


class Office:
    """Operations of cases and of questions on one database, with a clock that is set."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.clock = StoppedClock()
        parts = (database, relay(database, self.clock), self.clock)
        self.cases = CaseOperations(*parts, SEAL, CASE_SEAL, "11002")
        self.questions = PopulationOperations(*parts, SEAL, CASE_SEAL, "11002")

    async def verifying(self, *serials: int) -> Case:
        """Bring a case of these persons to where the database is asked."""
        first, *others = (declared(serial) for serial in serials)
        (dwelling_id,) = (await add_building(self._database)).dwelling_ids
        message = temporary(dwelling_id, *others, declarant=first)
        declaration = declarations.declaration(message, CODES, nationalities(), TODAY)
        case = await self.cases.create(CITIZEN, declaration, str(uuid4()), b"digest")
        await self.cases.submit(request(case, CITIZEN))
        await self.cases.accept(request(case, OFFICER))
        return (await self.cases.verify(request(case, OFFICER))).case


def request(case: Case, caller: Caller) -> Request:
    """Make a request to move a case."""
    return Request(caller, case.case_number, str(uuid4()), b"digest")


async def test_a_question_is_taken_once_and_put_again_after_a_while(database: Database) -> None:
    """However its asker ended: ten seconds later, then twenty, and at most a quarter of an hour."""
    office = Office(database)
    await office.verifying(1)
    first = await office.questions.take_due()
    at_once = await office.questions.take_due()
    pauses = []
    for _ in range(9):
        before = office.clock.now
        while await office.questions.take_due() is None:
            office.clock.now += timedelta(seconds=10)
        pauses.append((office.clock.now - before).total_seconds())

    assert first
    assert first.attempt == 1
    assert at_once is None
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 900, 900]


async def test_a_question_does_not_wait_for_a_clock_that_was_ahead(database: Database) -> None:
    """A clock that was a day ahead and is set right again holds no case up for a day."""
    office = Office(database)
    office.clock.now = utc_now() + timedelta(days=1)
    await office.verifying(1)
    assert await office.questions.take_due()
    office.clock.now -= timedelta(days=1)
    again = await office.questions.take_due()

    assert again
    assert again.attempt == 2
    assert await office.questions.take_due() is None


async def test_a_replica_whose_clock_is_behind_takes_no_question_of_another(
    database: Database,
) -> None:
    """To it the question is planned far ahead; each would put the other's again at once, for ever."""
    office, behind = Office(database), Office(database)
    office.clock.now = utc_now()
    behind.clock.now = office.clock.now - timedelta(hours=1)
    await office.verifying(1)

    assert await office.questions.take_due()
    assert await behind.questions.take_due() is None


async def test_a_case_is_told_when_all_its_persons_are_answered_for(database: Database) -> None:
    """The gravest doubt counts; what is unavailable answers for nobody."""
    office = Office(database)
    case = await office.verifying(1, 2)
    first, second = await office.questions.take_due(), await office.questions.take_due()
    assert first
    assert second
    await office.questions.answered(first, Verdict.MISMATCH)
    await office.questions.answered(second, Verdict.UNAVAILABLE)
    office.clock.now += timedelta(seconds=10)
    again = await office.questions.take_due()
    assert again
    assert await office.questions.take_due() is None
    await office.questions.answered(again, Verdict.MATCH)
    moved = await office.cases.withdraw(request(case, CITIZEN), "")

    assert {first.person, second.person} == {0, 1}
    assert again.person == second.person
    assert moved.case.identity_check is IdentityCheck.MISMATCH


async def test_an_answer_to_an_earlier_check_comes_too_late(database: Database) -> None:
    """The declaration may have changed since: only the present check's answer counts."""
    office = Office(database)
    case = await office.verifying(1)
    late = await office.questions.take_due()
    assert late
    await office.cases.verify(request(case, OFFICER))
    await office.questions.answered(late, Verdict.MISMATCH)
    present = await office.questions.take_due()
    assert present
    await office.questions.answered(present, Verdict.MATCH)
    await office.questions.answered(present, Verdict.NOT_FOUND)
    moved = await office.cases.withdraw(request(case, CITIZEN), "")

    assert moved.case.identity_check is IdentityCheck.MATCH


async def test_case_numbers_run_by_year(database: Database) -> None:
    """The first of a year is 000001, whatever the year before came to."""
    office = Office(database)
    numbers = [(await office.verifying(1)).case_number for _ in range(2)]
    office.clock.now += timedelta(days=365)
    numbers.append((await office.verifying(1)).case_number)

    assert numbers == ["11002-2026-000001", "11002-2026-000002", "11002-2027-000001"]


async def test_every_question_and_its_answer_are_on_the_account(database: Database) -> None:
    """For which officer, why, by which right, about whom, under which correlation id, and what came of it."""
    office = Office(database)
    case = await office.verifying(1)
    unheard = await office.questions.take_due()
    assert unheard
    await office.questions.answered(unheard, Verdict.UNAVAILABLE)
    office.clock.now += timedelta(seconds=10)
    heard = await office.questions.take_due()
    assert heard
    await office.questions.answered(heard, Verdict.MATCH)
    async with database.transaction() as tx:
        statement = select(tables.access_records).order_by(tables.access_records.c.position)
        records = (await tx.execute(statement)).all()

    assert [(record.request_id, record.outcome) for record in records] == [
        (unheard.correlation_id, "ASKED"),
        (unheard.correlation_id, "UNAVAILABLE"),
        (heard.correlation_id, "ASKED"),
        (heard.correlation_id, "MATCH"),
    ]
    assert {(record.account, record.actor, record.purpose) for record in records} == {
        ("officer-1", "11002.residency", "RESIDENCE_CASE")
    }
    assert {(record.subject, record.reference) for record in records} == {
        (SEAL.pseudonym(number(1)), case.case_number)
    }
    assert all("68/2020" in record.legal_basis for record in records)
    assert not any(number(1).digits in str(record) for record in records)


async def test_no_question_leaves_without_its_record(database: Database) -> None:
    """Where the account cannot be written, nothing is asked and the question stays due."""
    office = Office(database)
    await office.verifying(1, 2)
    parts = (database, relay(database, office.clock), office.clock)
    # A second record under an id that is taken cannot be written.
    unaccountable = PopulationOperations(*parts, SEAL, CASE_SEAL, "11002", lambda: UUID(int=1))
    await unaccountable.take_due()
    with pytest.raises(IntegrityError):
        await unaccountable.take_due()
    left = await office.questions.take_due()

    assert left
    assert (left.person, left.attempt) == (1, 1)
