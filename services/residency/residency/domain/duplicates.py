"""Records that may be of one person: why, what people decide about them, and what merging them demands.

This mends errors of the register. A candidate names two records and a reason; it says nothing of a person, and nothing
is decided by a machine (Law 91/2025/QH15 Art. 3: accuracy).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError
from residency.domain.cases.machine import SecondPersonRequiredError
from residency.domain.residence.found import FoundPerson
from residency.domain.residence.registrations import Term


class DuplicateCandidateNotFoundError(DomainError):
    """No candidate has this id."""

    reason = "DUPLICATE_CANDIDATE_NOT_FOUND"


class DuplicateAlreadyDecidedError(DomainError):
    """It was decided before, or both records were merged with the same one since."""

    reason = "DUPLICATE_ALREADY_DECIDED"


class MergeConflictError(DomainError):
    """Both records hold what one person cannot have at a time; told are the entries, by kind and id."""

    reason = "MERGE_CONFLICT"

    def __init__(self, entries: Sequence[str]) -> None:
        super().__init__(entries=", ".join(entries))


class MergeOfSurvivorError(DomainError):
    """Another record was merged into the one that would be given up."""

    reason = "MERGE_OF_SURVIVOR"


class MergeNotFoundError(DomainError):
    """No merge has this id."""

    reason = "MERGE_NOT_FOUND"


class MergeAlreadyUndoneError(DomainError):
    """The merge was undone before."""

    reason = "MERGE_ALREADY_UNDONE"


class DuplicateReason(StrEnum):
    """Why two records may be of one person."""

    SAME_NAME_AND_BIRTH = "SAME_NAME_AND_BIRTH"
    NUMBER_ONE_DIGIT = "NUMBER_ONE_DIGIT"
    NUMBER_TRANSPOSED = "NUMBER_TRANSPOSED"


class Occasion(StrEnum):
    """On what occasion a candidate was found."""

    REGISTRATION = "REGISTRATION"
    IMPORT = "IMPORT"
    CORRECTION = "CORRECTION"
    SEARCH = "SEARCH"


class CandidateState(StrEnum):
    """How a candidate stands."""

    OPEN = "OPEN"
    MERGE_PROPOSED = "MERGE_PROPOSED"
    MERGED = "MERGED"
    DIFFERENT = "DIFFERENT"


UNDECIDED = frozenset({CandidateState.OPEN, CandidateState.MERGE_PROPOSED})


class DecisionAct(StrEnum):
    """What was done with a candidate."""

    PROPOSE_MERGE = "PROPOSE_MERGE"
    MERGE = "MERGE"
    DIFFER = "DIFFER"
    UNDO_MERGE = "UNDO_MERGE"


class Verdict(StrEnum):
    """What an officer decides."""

    FIRST_SURVIVES = "FIRST_SURVIVES"
    SECOND_SURVIVES = "SECOND_SURVIVES"
    DIFFERENT = "DIFFERENT"


@dataclass(frozen=True)
class Alike:
    """What two records have in common.

    `name` is the same without diacritics; `birth` is a birth date that agrees as far as both are known, with the same
    sex; the numbers differ in one digit, or by two neighbouring digits that are swapped.
    """

    name: bool
    birth: bool
    one_digit: bool
    transposed: bool

    @property
    def reasons(self) -> tuple[DuplicateReason, ...]:
        """Tell why the two may be of one person; none if nothing says so.

        Numbers are given out in sequence, so near ones alone say nothing.
        """
        alike = self.name or self.birth
        said = {
            DuplicateReason.SAME_NAME_AND_BIRTH: self.name and self.birth,
            DuplicateReason.NUMBER_ONE_DIGIT: self.one_digit and alike,
            DuplicateReason.NUMBER_TRANSPOSED: self.transposed and alike,
        }
        return tuple(reason for reason, holds in said.items() if holds)


@dataclass(frozen=True)
class Pair:
    """Two records that may be of one person, and why."""

    first_id: UUID
    second_id: UUID
    reasons: tuple[DuplicateReason, ...]


@dataclass(frozen=True)
class Finding:
    """How candidates come to be found: by whose work (empty for a command's), on what occasion, and when."""

    account: str
    occasion: Occasion
    at: datetime


@dataclass(frozen=True)
class Namesakes:
    """The part of a search that compares the names of those who were born in a year."""

    birth_year: int


@dataclass(frozen=True)
class NearNumbers:
    """The part of a search that compares the numbers of all by a portion of what near ones share: one `of` so many."""

    portion: int
    of: int


SearchPart = Namesakes | NearNumbers


@dataclass(frozen=True)
class Merging:
    """A merge that is proposed or was carried out: of which record into which, and by whom it is proposed."""

    losing_id: UUID
    surviving_id: UUID
    proposed_by: str


@dataclass(frozen=True)
class DuplicateCandidate:
    """Two records that may be of one person, the records that stand for them, and what is decided."""

    candidate_id: UUID
    pair: Pair
    found: Finding
    state: CandidateState
    merging: Merging | None
    # Of the first and of the second record: itself, or the one it was merged into.
    standing: tuple[UUID, UUID]

    @property
    def shown(self) -> tuple[UUID, UUID]:
        """Tell which two records are shown: those that stand, or the pair itself where one stands for both."""
        one_for_both = self.standing[0] == self.standing[1]
        return (self.pair.first_id, self.pair.second_id) if one_for_both else self.standing

    @property
    def verdict(self) -> Verdict | None:
        """Tell which record survives the merge that is proposed or was carried out."""
        if self.merging is None:
            return None
        # Only a record that nothing was merged into loses: it is one of the pair.
        second_loses = self.merging.losing_id == self.pair.second_id
        return Verdict.FIRST_SURVIVES if second_loses else Verdict.SECOND_SURVIVES

    def decide(self, verdict: Verdict, account: str) -> "DuplicateCandidate":
        """Tell how it stands after a decision: a merge takes two officers who decide the same.

        Raises DuplicateAlreadyDecidedError, or SecondPersonRequiredError where one officer decides it twice.
        """
        if self.state not in UNDECIDED or self.standing[0] == self.standing[1]:
            raise DuplicateAlreadyDecidedError
        if verdict is Verdict.DIFFERENT:
            return replace(self, state=CandidateState.DIFFERENT, merging=None)
        survivor, loser = self.standing
        if verdict is Verdict.SECOND_SURVIVES:
            survivor, loser = loser, survivor
        proposed = self.merging
        if proposed is None or (proposed.losing_id, proposed.surviving_id) != (loser, survivor):
            merging = Merging(loser, survivor, account)
            return replace(self, state=CandidateState.MERGE_PROPOSED, merging=merging)
        if proposed.proposed_by == account:
            raise SecondPersonRequiredError
        return replace(self, state=CandidateState.MERGED)

    def reopen(self) -> "DuplicateCandidate":
        """Tell how it stands after its merge was undone."""
        return replace(self, state=CandidateState.OPEN, merging=None)


ACTS = {
    CandidateState.MERGE_PROPOSED: DecisionAct.PROPOSE_MERGE,
    CandidateState.MERGED: DecisionAct.MERGE,
    CandidateState.DIFFERENT: DecisionAct.DIFFER,
    CandidateState.OPEN: DecisionAct.UNDO_MERGE,
}


@dataclass(frozen=True)
class DuplicateDecision:
    """One step of a candidate's history."""

    act: DecisionAct
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True)
class WholeCandidate:
    """A candidate with what was decided, oldest first, and the two records that it is about."""

    candidate: DuplicateCandidate
    decisions: Sequence[DuplicateDecision]
    first: FoundPerson
    second: FoundPerson


@dataclass(frozen=True)
class CandidateFilter:
    """Which candidates to list: all, those to be decided, or those that stand so."""

    undecided: bool
    state: CandidateState | None


@dataclass(frozen=True)
class CandidatePosition:
    """Where a page of candidates begins: after this one."""

    found_at: datetime
    candidate_id: UUID


@dataclass(frozen=True)
class Undoing:
    """When a merge was undone, by whom and why."""

    at: datetime
    account: str
    reason: str


@dataclass(frozen=True)
class PersonMerge:
    """Two records that became one, and perhaps two again."""

    merge_id: UUID
    candidate_id: UUID
    losing_id: UUID
    surviving_id: UUID
    reason: str
    proposed_by: str
    merged_by: str
    merged_at: datetime
    undone: Undoing | None = None

    @property
    def reference(self) -> str:
        """Name the merge where entries say in which case they were entered."""
        return f"merge:{self.merge_id}"

    def check_undoing(self, account: str) -> None:
        """Raise MergeAlreadyUndoneError or SecondPersonRequiredError where the account may not undo it."""
        if self.undone:
            raise MergeAlreadyUndoneError
        if account == self.merged_by:
            raise SecondPersonRequiredError


@dataclass(frozen=True)
class Claim:
    """An entry of a record, on which days it is so (None: on none), and of what one person has one at a time.

    `only` is empty for what one person may have several of, like nights with close relatives.
    """

    name: str
    only: str
    lasts: Term | None


def check_compatible(losing: Sequence[Claim], surviving: Sequence[Claim]) -> None:
    """Refuse to merge what one person cannot have at a time; raises MergeConflictError, which names it all."""
    colliding = {
        claim.name
        for ours in losing
        for theirs in surviving
        if ours.only and ours.only == theirs.only and _overlap(ours.lasts, theirs.lasts)
        for claim in (ours, theirs)
    }
    if colliding:
        raise MergeConflictError(sorted(colliding))


def _overlap(one: Term | None, other: Term | None) -> bool:
    return one is not None and other is not None and one.overlaps(other)
