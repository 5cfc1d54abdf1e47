"""Roll-calls."""

import re

from chassis.errors import FieldInvalidError
from chassis.rules import Rule, between
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.rescue.roll_call import (
    Counts,
    Household,
    Mark,
    NewMark,
    RollCall,
    RollCallMarking,
    RollCallState,
    Standing,
    by_dwelling,
    counted,
    standings,
)
from incidents.wire import brief_parts as parts
from incidents.wire.fields import read_enum, read_id
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import roll_call_pb2 as pb
from ward.residency.v1 import residency_pb2

_TAG = re.compile(r"[0-9a-f]{32}")
# As ids are made: no sentence, no name with its marks, no identification number.
_DWELLING = re.compile(r"(?![0-9]{12}$)[0-9A-Za-z-]{0,64}")
_MOST = 100


def read_marking(request: pb.MarkRollCallRequest, account: str) -> RollCallMarking:
    """Read whom to mark how; raises FieldInvalidError."""
    check_request_id(request.request_id)
    if not 0 < len(request.marks) <= _MOST:
        raise FieldInvalidError("marks", between(1, _MOST))
    return RollCallMarking(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        marks=tuple(map(_new_mark, request.marks)),
    )


def roll_call_message(told: RollCall, *, with_persons: bool) -> pb.GetRollCallResponse:
    """Write a roll-call; persons only for who may see them."""
    households, standing = _households(told), standings(told.marks)
    return pb.GetRollCallResponse(
        counts=_counts(_all(households, standing)),
        dwellings=[
            pb.RollCallDwelling(
                dwelling_id=one.dwelling_id,
                floor=one.floor,
                unit=one.unit,
                counts=_counts(one.counts),
            )
            for one in by_dwelling(households, standing)
        ],
        persons=[_person(one) for one in standing] if with_persons else [],
        sequence=len(told.marks),
    )


def counts_message(told: RollCall) -> pb.MarkRollCallResponse:
    """Write the counts after marks were added."""
    counts = _all(_households(told), standings(told.marks))
    return pb.MarkRollCallResponse(counts=_counts(counts), sequence=len(told.marks))


def _new_mark(mark: pb.NewRollCallMark) -> NewMark:
    if not _TAG.fullmatch(mark.tag):
        raise FieldInvalidError(
            "marks.tag",
            Rule(
                "32 chữ số 0-9 a-f, được cấp hoặc tạo ngẫu nhiên",
                "32 digits 0-9 a-f, given or made at random",
            ),
        )
    if not _DWELLING.fullmatch(mark.dwelling_id):
        raise FieldInvalidError(
            "marks.dwelling_id", Rule("mã của một căn, hoặc để trống", "a dwelling's id, or empty")
        )
    return NewMark(
        tag=mark.tag,
        dwelling_id=mark.dwelling_id,
        state=read_enum("marks.state", pb.RollCallState, mark.state, RollCallState),
    )


def _households(told: RollCall) -> list[Household]:
    dwellings = map(residency_pb2.DwellingOccupancy.FromString, told.dwellings)
    return [
        Household(
            one.dwelling.dwelling_id,
            one.dwelling.floor,
            one.dwelling.unit,
            Counts(expected=parts.headcount(one).present),
        )
        for one in dwellings
    ]


def _all(households: list[Household], standing: tuple[Standing, ...]) -> Counts:
    return counted(sum(one.counts.expected for one in households), standing)


def _counts(counts: Counts) -> pb.RollCallCounts:
    return pb.RollCallCounts(**vars(counts))


def _person(standing: Standing) -> pb.RollCallPerson:
    return pb.RollCallPerson(
        tag=standing.mark.tag,
        dwelling_id=standing.mark.dwelling_id,
        mark=_mark(standing.mark),
        contradicting=map(_mark, standing.contradicting),
    )


def _mark(mark: Mark) -> pb.RollCallMark:
    return pb.RollCallMark(
        sequence=mark.sequence,
        state=pb.RollCallState.Value(f"ROLL_CALL_STATE_{mark.state}"),
        marked_by=mark.marked_by,
        marked_at=timestamp(mark.marked_at),
    )
