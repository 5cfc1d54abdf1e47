"""Questions to the population database: taken when due, and answered; both are on the account of every look."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from chassis.account import access_log
from chassis.account.access_chain import AccessRecord
from chassis.clock import Clock, ward_day
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from chassis.telemetry.log import logger
from residency.domain.cases.population import (
    ASKED,
    FIELDS,
    LEGAL_BASIS,
    METHOD,
    PURPOSE_CODE,
    Question,
    Verdict,
    check_of,
    system_of,
)
from residency.domain.cases.states import CaseAct, IdentityCheck
from residency.domain.persons.sealing import NumberSeal
from residency.repository import cases, population
from residency.repository.cases import CaseSeal


class PopulationOperations:
    """Puts questions, and takes their answers into their cases.

    No question leaves the ward before its access record is durable, and each answer has one too.
    """

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        numbers: NumberSeal,
        seal: CaseSeal,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._numbers = numbers
        self._seal = seal
        self._ward_code = ward_code
        self._new_id = new_id

    async def take_due(self) -> Question | None:
        """Take the question that has been due the longest; None if none is due.

        It is put again after a while, whether it was asked in vain or not at all.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            row = await population.take_due(tx, now)
            if row is None:
                return None
            declaration = self._seal.open_declaration(
                row.case_id, row.declaration_sealed, ward_day(now)
            )
            question = Question(
                check_id=row.check_id,
                case_number=row.case_number,
                officer=row.verified_by,
                person=row.person,
                attempt=row.attempts + 1,
                declared=declaration.persons[row.person],
            )
            asked = self._record(question, ASKED, now)
            await access_log.append(tx, asked)
        access_log.count([asked])
        return question

    async def answered(self, question: Question, verdict: Verdict) -> None:
        """Take an answer; with the last one the case is told what is known. UNAVAILABLE changes nothing."""
        now, check = self._clock(), IdentityCheck.PENDING
        answered = self._record(question, verdict, now)
        async with self._database.transaction() as tx:
            if verdict is not Verdict.UNAVAILABLE:
                check = await self._take(tx, question, verdict, now)
            await access_log.append(tx, answered)
        access_log.count([answered])
        if check is not IdentityCheck.PENDING:
            self._relay.wake()
            logger().info("identities_answered", check=check)

    async def _take(
        self, tx: Transaction, question: Question, verdict: Verdict, now: datetime
    ) -> IdentityCheck:
        """Take an answer into its case; tell what is known now, PENDING if it was not the last or came too late."""
        case = await cases.lock(tx, question.case_number)
        verdicts = await population.answer(tx, case, question, verdict)
        check = check_of(verdicts) if verdicts else IdentityCheck.PENDING
        if check is not IdentityCheck.PENDING:
            case = case.identity_answered(check)
            await cases.save(tx, case, CaseAct.IDENTITY_ANSWERED, "", now)
        return check

    def _record(self, question: Question, outcome: str, now: datetime) -> AccessRecord:
        """Account for a question or its answer: under the officer for whom this system asks, and about whom."""
        return AccessRecord(
            record_id=self._new_id(),
            recorded_at=now,
            account=question.officer,
            actor=system_of(self._ward_code),
            roles=(),
            method=METHOD,
            purpose=PURPOSE_CODE,
            legal_basis=LEGAL_BASIS,
            reference=question.case_number,
            subject=self._numbers.pseudonym(question.declared.number),
            fields=FIELDS,
            outcome=outcome,
            request_id=question.correlation_id,
            ward_code=self._ward_code,
        )
