"""Candidates, decisions and merges as they are read and written."""

from collections.abc import Callable, Sequence
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rpc import pages
from chassis.rules import STATE_OR_ALL
from residency.domain.duplicates import (
    CandidateFilter,
    CandidatePosition,
    CandidateState,
    DuplicateCandidate,
    DuplicateCandidateNotFoundError,
    DuplicateDecision,
    MergeNotFoundError,
    PersonMerge,
    Verdict,
    WholeCandidate,
)
from residency.domain.lookups.disclosure import Disclosure
from residency.wire import fields, lookups
from residency.wire.fields import ONE_OF_THE_VERDICTS
from ward.residency.v1 import duplicates_pb2 as pb
from ward.residency.v1 import lookups_pb2

_VERDICTS = {pb.DuplicateVerdict.Value(f"DUPLICATE_VERDICT_{one}"): one for one in Verdict}
_STATES = {pb.DuplicateState.Value(f"DUPLICATE_STATE_{one}"): one for one in CandidateState}


def candidate_id(text: str) -> UUID:
    """Read a candidate's id; what is no id is the id of no candidate."""
    return fields.uuid(text, DuplicateCandidateNotFoundError())


def merge_id(text: str) -> UUID:
    """Read a merge's id; what is no id is the id of no merge."""
    return fields.uuid(text, MergeNotFoundError())


def verdict(request: pb.DecideDuplicateRequest) -> Verdict:
    """Read what is decided; raises FieldInvalidError."""
    decided = _VERDICTS.get(request.verdict)
    if decided is None:
        raise FieldInvalidError("verdict", ONE_OF_THE_VERDICTS)
    return decided


def candidate_filter(request: pb.ListDuplicateCandidatesRequest) -> CandidateFilter:
    """Read which candidates to list; raises FieldInvalidError."""
    if request.state and request.state not in _STATES:
        raise FieldInvalidError("state", STATE_OR_ALL)
    return CandidateFilter(undecided=request.undecided_only, state=_STATES.get(request.state))


def candidates_after(token: str) -> CandidatePosition | None:
    """Read where a page begins; None for the first page."""
    key = fields.page_position(token)
    return CandidatePosition(*key) if key else None


def candidates_page(
    found: Sequence[DuplicateCandidate], size: int
) -> pb.ListDuplicateCandidatesResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    return pb.ListDuplicateCandidatesResponse(
        candidates=[candidate(one) for one in found[:size]],
        next_page_token=_token(found[size - 1]) if len(found) > size else "",
    )


def whole_candidate(
    found: WholeCandidate,
    disclosure: Disclosure,
    first: lookups_pb2.Person,
    second: lookups_pb2.Person,
    access_record_id: UUID,
) -> pb.GetDuplicateCandidateResponse:
    """Write a candidate with its two records."""
    return pb.GetDuplicateCandidateResponse(
        candidate=candidate(found.candidate),
        decisions=[_decision(one) for one in found.decisions],
        first=first,
        second=second,
        withheld=lookups.withheld(disclosure),
        access_record_id=str(access_record_id),
    )


def candidate(found: DuplicateCandidate) -> pb.DuplicateCandidate:
    """Write a candidate as it stands."""
    merging = found.verdict or "UNSPECIFIED"
    return pb.DuplicateCandidate(
        candidate_id=str(found.candidate_id),
        reasons=[
            pb.DuplicateReason.Value(f"DUPLICATE_REASON_{one}") for one in found.pair.reasons
        ],
        state=pb.DuplicateState.Value(f"DUPLICATE_STATE_{found.state}"),
        found_at=fields.timestamp(found.found.at),
        found_by=found.found.account,
        occasion=pb.DuplicateOccasion.Value(f"DUPLICATE_OCCASION_{found.found.occasion}"),
        merging=pb.DuplicateVerdict.Value(f"DUPLICATE_VERDICT_{merging}"),
        proposed_by=found.merging.proposed_by if found.merging else "",
    )


def merges(
    found: Sequence[PersonMerge], pseudonym: Callable[[UUID], str], access_record_id: UUID
) -> pb.ListPersonMergesResponse:
    """Write the merges of a person; `pseudonym` names a record to the caller."""
    return pb.ListPersonMergesResponse(
        merges=[_merge(one, pseudonym) for one in found], access_record_id=str(access_record_id)
    )


def _merge(found: PersonMerge, pseudonym: Callable[[UUID], str]) -> pb.PersonMerge:
    undone = found.undone
    return pb.PersonMerge(
        merge_id=str(found.merge_id),
        candidate_id=str(found.candidate_id),
        surviving_pseudonym=pseudonym(found.surviving_id),
        losing_pseudonym=pseudonym(found.losing_id),
        reason=found.reason,
        proposed_by=found.proposed_by,
        merged_by=found.merged_by,
        merged_at=fields.timestamp(found.merged_at),
        undone_at=fields.timestamp(undone.at) if undone else None,
        undone_by=undone.account if undone else "",
        undo_reason=undone.reason if undone else "",
    )


def _decision(made: DuplicateDecision) -> pb.DuplicateDecision:
    return pb.DuplicateDecision(
        act=pb.DuplicateAct.Value(f"DUPLICATE_ACT_{made.act}"),
        reason=made.reason,
        decided_by=made.decided_by,
        decided_at=fields.timestamp(made.decided_at),
    )


def _token(last: DuplicateCandidate) -> str:
    return pages.encode(last.found.at.isoformat(), str(last.candidate_id))
