"""Questions to the population database: taken when due, and answered."""

from chassis.clock import Clock, ward_day
from chassis.database import Database
from chassis.log import logger
from chassis.outbox import Relay
from residency.domain.cases import CaseAct, IdentityCheck
from residency.domain.population import Question, Verdict, check_of
from residency.repository import cases, population
from residency.repository.cases import CaseSeal


class PopulationOperations:
    """Puts questions, and takes their answers into their cases."""

    def __init__(self, database: Database, relay: Relay, clock: Clock, seal: CaseSeal) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal

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
            return Question(
                check_id=row.check_id,
                case_number=row.case_number,
                person=row.person,
                attempt=row.attempts + 1,
                declared=declaration.persons[row.person],
            )

    async def answered(self, question: Question, verdict: Verdict) -> None:
        """Take an answer; with the last one the case is told what is known. UNAVAILABLE changes nothing."""
        if verdict is Verdict.UNAVAILABLE:
            return
        now = self._clock()
        async with self._database.transaction() as tx:
            case = await cases.lock(tx, question.case_number)
            verdicts = await population.answer(tx, case, question, verdict)
            check = check_of(verdicts) if verdicts else IdentityCheck.PENDING
            if check is IdentityCheck.PENDING:
                return
            case = case.identity_answered(check)
            await cases.save(tx, case, CaseAct.IDENTITY_ANSWERED, "", now)
        self._relay.wake()
        logger().info("identities_answered", check=check)
