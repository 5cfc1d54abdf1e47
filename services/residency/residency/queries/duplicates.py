"""Records that may be of one person, as officers look at them, and which records of a person were merged."""

from datetime import date
from uuid import UUID

from sqlalchemy import or_, select, tuple_

from chassis.storage.database import Database, Transaction
from residency.domain.duplicates import (
    UNDECIDED,
    CandidateFilter,
    CandidatePosition,
    DecisionAct,
    DuplicateCandidate,
    DuplicateDecision,
    PersonMerge,
    WholeCandidate,
)
from residency.domain.lookups.disclosure import Asker, Disclosure, PersonField, Way
from residency.repository import duplicates as repository
from residency.repository.disclosure import disclosure_to, require_shown
from residency.repository.lookups import load_persons
from residency.repository.merges import merge_of
from residency.tables import duplicate_candidates, duplicate_decisions, person_merges, persons
from residency.tables.duplicates import holder_of, records_of


class DuplicateQueries:
    """Asks for candidates and merges."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_candidates(
        self, chosen: CandidateFilter, after: CandidatePosition | None, size: int
    ) -> list[DuplicateCandidate]:
        """Give candidates, oldest first."""
        columns = duplicate_candidates.c
        statement = repository.candidates().order_by(columns.found_at, columns.candidate_id)
        if chosen.undecided:
            statement = statement.where(columns.state.in_(UNDECIDED), ~repository.settled())
        if chosen.state:
            statement = statement.where(columns.state == chosen.state)
        if after:
            place = tuple_(columns.found_at, columns.candidate_id)
            statement = statement.where(place > (after.found_at, after.candidate_id))
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.limit(size))
            return [repository.candidate_of(row) for row in rows]

    async def get(
        self, candidate_id: UUID, asker: Asker, today: date
    ) -> tuple[Disclosure, WholeCandidate]:
        """Give a candidate with the two records that it is about.

        Raises DuplicateCandidateNotFoundError, or DisclosureNotAllowedError where the purpose shows no numbers.
        """
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            disclosure.require(PersonField.MASKED_NUMBER)
            candidate = await repository.load(tx, candidate_id)
            shown = await load_persons(tx, persons.c.person_id.in_(candidate.shown), today)
            by_id = {one.person_id: one for one in shown}
            first, second = (by_id[person_id] for person_id in candidate.shown)
            decisions = await _decisions(tx, candidate_id)
        return disclosure, WholeCandidate(candidate, decisions, first, second)

    async def merges_of(
        self, number_index: bytes, asker: Asker, today: date
    ) -> list[PersonMerge] | None:
        """Tell the merges of all records of who has a number, newest first; None if nobody has it.

        Raises DisclosureNotAllowedError where nothing may be told of the person.
        """
        records = records_of(holder_of(number_index))
        columns = person_merges.c
        of_records = or_(columns.losing_id.in_(records), columns.surviving_id.in_(records))
        merges = select(person_merges).where(of_records).order_by(columns.merged_at.desc())
        async with self._database.transaction() as tx:
            disclosure = await disclosure_to(tx, asker, Way.LOOKUP, today)
            await require_shown(tx, disclosure, holder_of(number_index))
            if await tx.scalar(records.limit(1)) is None:
                return None
            return [merge_of(row) for row in await tx.execute(merges)]


async def _decisions(tx: Transaction, candidate_id: UUID) -> list[DuplicateDecision]:
    columns = duplicate_decisions.c
    statement = (
        select(columns.act, columns.reason, columns.decided_by, columns.decided_at)
        .where(columns.candidate_id == candidate_id)
        .order_by(columns.decision_id)
    )
    return [
        DuplicateDecision(DecisionAct(act), *rest) for act, *rest in await tx.execute(statement)
    ]
