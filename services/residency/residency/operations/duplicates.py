"""Records that may be of one person: found, decided about, merged and parted again."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from chassis import context
from chassis.account.access_log import accounted
from chassis.clock import Clock
from chassis.context import current_account
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.duplicates import (
    ACTS,
    CandidateState,
    DuplicateAlreadyDecidedError,
    DuplicateCandidate,
    DuplicateDecision,
    Finding,
    Merging,
    Occasion,
    Pair,
    PersonMerge,
    SearchPart,
    Undoing,
    Verdict,
)
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal, subject_of
from residency.domain.requests import Request
from residency.operations.account import concerns
from residency.operations.requests import claim
from residency.repository import duplicates as repository
from residency.repository import merges, occupancy

NewId = Callable[[], UUID]
# Does a part of a search; tells how many candidates that brought.
Step = Callable[[Transaction, SearchPart], Awaitable[int]]


@dataclass(frozen=True)
class Decided:
    """A candidate after a decision, and the merge that was carried out, if it was."""

    candidate: DuplicateCandidate
    merge_id: UUID | None


class DuplicateOperations:
    """Decides candidates, merges records and parts them; each change publishes the new counts of their dwellings."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        particulars: ParticularsSeal,
        new_id: NewId = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._particulars = particulars
        self._new_id = new_id

    async def decide(
        self, candidate_id: UUID, verdict: Verdict, reason: str, request: Request
    ) -> Decided:
        """Decide a candidate, and merge its records where a second officer decides so.

        A repeat of the request changes nothing and tells how the candidate stands now. Raises
        DuplicateCandidateNotFoundError, DuplicateAlreadyDecidedError, SecondPersonRequiredError, MergeConflictError,
        MergeOfSurvivorError, or RequestIdReusedError.
        """
        now, account = self._clock(), current_account()
        async with accounted(self._database, now) as tx:
            candidate = await repository.lock(tx, candidate_id)
            await _account_for(tx, candidate.shown)
            if not await claim(
                tx, self._seal, request.request_id, request.digest, candidate_id, now
            ):
                candidate = candidate.decide(verdict, account)
                decision = DuplicateDecision(ACTS[candidate.state], reason, account, now)
                if candidate.merging:
                    await self._merge(tx, candidate, candidate.merging, decision)
                await repository.save(tx, candidate, decision)
            merged = candidate.state is CandidateState.MERGED
            merge_id = await merges.merge_of_candidate(tx, candidate_id) if merged else None
        self._relay.wake()
        return Decided(candidate, merge_id)

    async def undo(self, merge_id: UUID, reason: str, request: Request) -> None:
        """Part two records that were merged, and open their candidate again.

        A repeat of the request changes nothing. Raises MergeNotFoundError, MergeAlreadyUndoneError,
        SecondPersonRequiredError, HouseholderExistsError, or RequestIdReusedError.
        """
        now, account = self._clock(), current_account()
        async with accounted(self._database, now) as tx:
            # The candidate is locked before the merge, as where it is decided.
            candidate = await repository.lock(tx, await merges.candidate_of(tx, merge_id))
            merged = await merges.load_merge(tx, merge_id)
            await _account_for(tx, (merged.surviving_id, merged.losing_id))
            if await claim(tx, self._seal, request.request_id, request.digest, merge_id, now):
                return
            merged.check_undoing(account)
            undoing = Undoing(now, account, reason)
            losing, _, homes = await _lock(tx, merged.losing_id, merged.surviving_id)
            await merges.undo(tx, merged, undoing, losing, self._particulars, self._new_id)
            reopened = candidate.reopen()
            decision = DuplicateDecision(ACTS[reopened.state], reason, account, now)
            await repository.save(tx, reopened, decision)
            await find(tx, [losing.person_id], Occasion.CORRECTION, self._new_id, now)
            await occupancy.announce(tx, homes, now)
        self._relay.wake()

    async def _merge(
        self,
        tx: Transaction,
        candidate: DuplicateCandidate,
        merging: Merging,
        decision: DuplicateDecision,
    ) -> None:
        """Check a merge that is proposed, and carry out the one that another officer decides too."""
        await merges.check_loser(tx, merging.losing_id)
        if candidate.state is not CandidateState.MERGED:
            return
        losing, surviving, homes = await _lock(tx, merging.losing_id, merging.surviving_id)
        # Other merges may have been committed while these records were waited for.
        if not (losing.stands and surviving.stands):
            raise DuplicateAlreadyDecidedError
        await merges.check_loser(tx, merging.losing_id)
        merged = PersonMerge(
            merge_id=self._new_id(),
            candidate_id=candidate.candidate_id,
            losing_id=merging.losing_id,
            surviving_id=merging.surviving_id,
            reason=decision.reason,
            proposed_by=merging.proposed_by,
            merged_by=decision.decided_by,
            merged_at=decision.decided_at,
        )
        await merges.merge(tx, merged, losing, surviving, self._particulars, self._new_id)
        await occupancy.announce(tx, homes, decision.decided_at)


@dataclass(frozen=True)
class Progress:
    """How far a search has come: parts that are done, parts of it in all, and candidates that are new."""

    done: int
    of: int
    found: int


class DuplicateSearch:
    """Compares the whole register with itself, one part after the other, each a transaction."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId = uuid4) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def search(self) -> AsyncGenerator[Progress]:
        """Enter what may be duplicates, and tell the progress after each part.

        Ended at any time, it goes on behind the last year of birth that was done when it is begun again.
        """
        async with self._database.transaction() as tx:
            after = await repository.begin_search(tx, self._new_id(), self._clock())

        async def step(tx: Transaction, part: SearchPart) -> int:
            found = await self._enter(tx, part, Occasion.SEARCH)
            await repository.note_searched(tx, part, found)
            return found

        async for progress in self._each_part(after, step):
            yield progress
        async with self._database.transaction() as tx:
            await repository.finish_search(tx, self._clock())

    async def search_imported(self) -> int:
        """Enter what may be duplicates after a whole register was loaded; tell how many are new."""

        async def step(tx: Transaction, part: SearchPart) -> int:
            return await self._enter(tx, part, Occasion.IMPORT)

        found = [progress.found async for progress in self._each_part(None, step)]
        return found[-1] if found else 0

    async def count(self) -> AsyncGenerator[Progress]:
        """Tell the progress after each part as `search` would, and enter nothing."""
        counted: set[Pair] = set()

        async def step(tx: Transaction, part: SearchPart) -> int:
            pairs = await repository.unknown(tx, await repository.alike_in(tx, part))
            new = set(pairs) - counted
            counted.update(new)
            return len(new)

        async for progress in self._each_part(None, step):
            yield progress

    async def count_without_nearness(self) -> int:
        """Count the records whose numbers could not be compared."""
        async with self._database.transaction() as tx:
            return await repository.count_without_nearness(tx)

    async def _each_part(self, after: int | None, step: Step) -> AsyncGenerator[Progress]:
        async with self._database.transaction() as tx:
            parts = await repository.parts_of_search(tx, after)
        found = 0
        for done, part in enumerate(parts, start=1):
            async with self._database.transaction() as tx:
                found += await step(tx, part)
            yield Progress(done, len(parts), found)

    async def _enter(self, tx: Transaction, part: SearchPart, occasion: Occasion) -> int:
        finding = Finding("", occasion, self._clock())
        pairs = await repository.alike_in(tx, part)
        return await repository.add(tx, pairs, finding, self._new_id)


async def find(
    tx: Transaction,
    person_ids: Sequence[UUID],
    occasion: Occasion,
    new_id: NewId,
    now: datetime,
) -> None:
    """Enter the records as candidates that may be of the same persons as these, which were entered or corrected."""
    finding = Finding(current_account(), occasion, now)
    await repository.add(tx, await repository.alike(tx, person_ids), finding, new_id)


async def find_all(
    tx: Transaction,
    occasion: Occasion,
    new_id: NewId,
    now: datetime,
    progress: Callable[[int, int], object],
) -> None:
    """Enter all candidates of the register, telling parts done and parts in all, where many records are new.

    Namesakes are many where many are entered. Here no statement compares more than one year's, or a portion of numbers,
    and none is planned by statistics, which know nothing of what the transaction has entered.
    """
    finding = Finding(current_account(), occasion, now)
    parts = await repository.parts_of_search(tx, None)
    for done, part in enumerate(parts, start=1):
        await repository.add(tx, await repository.alike_in(tx, part), finding, new_id)
        progress(done, len(parts))


async def _account_for(tx: Transaction, person_ids: Sequence[UUID]) -> None:
    """Have the access record name the first person, and another one the second."""
    first, second = await merges.indexes_of(tx, person_ids)
    if access := context.access.get():
        access.subject = subject_of(first)
    concerns(second)


async def _lock(
    tx: Transaction, losing_id: UUID, surviving_id: UUID
) -> tuple[merges.Record, merges.Record, list[UUID]]:
    """Lock all dwellings of two records, and then the records; tell both records and the dwellings."""
    both = (losing_id, surviving_id)
    await occupancy.lock_dwellings(tx, await merges.dwellings_of(tx, both))
    losing, surviving = await merges.lock_records(tx, both)
    # What came in between waits for nothing any more: the persons are locked.
    homes = await occupancy.lock_dwellings(tx, await merges.dwellings_of(tx, both))
    return losing, surviving, homes
