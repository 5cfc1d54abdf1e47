"""The lifecycle of an incident: its states, what may be done in each, and where that leads.

One table says all of it. It follows REPORTED → TRIAGED → (DISPATCHED → EN_ROUTE → ON_SCENE → CONTROLLED) → RESOLVED →
CLOSED; ACKNOWLEDGED says that somebody has taken an incident on before it is judged, ASSIGNED that somebody has a task
and nobody needs to go anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from chassis.errors import DomainError, Vocabulary, Words


class IncidentClosedError(DomainError):
    """The incident has ended."""

    reason = "INCIDENT_CLOSED"


class IncidentNotAcknowledgedError(DomainError):
    """Nobody has taken the incident on, so nobody can move it."""

    reason = "INCIDENT_NOT_ACKNOWLEDGED"


class IncidentNotClosedError(DomainError):
    """The incident is not closed."""

    reason = "INCIDENT_NOT_CLOSED"


class IncidentState(StrEnum):
    """Where an incident stands."""

    REPORTED = "REPORTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    TRIAGED = "TRIAGED"
    ASSIGNED = "ASSIGNED"
    DISPATCHED = "DISPATCHED"
    EN_ROUTE = "EN_ROUTE"
    ON_SCENE = "ON_SCENE"
    CONTROLLED = "CONTROLLED"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"
    TRANSFERRED = "TRANSFERRED"
    FALSE_ALARM = "FALSE_ALARM"
    DUPLICATE = "DUPLICATE"
    REOPENED = "REOPENED"


class Act(StrEnum):
    """What somebody may do to an incident that moves it."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    TRIAGE = "TRIAGE"
    ASSIGN = "ASSIGN"
    DISPATCH = "DISPATCH"
    SET_OUT = "SET_OUT"
    ARRIVE = "ARRIVE"
    CONTROL = "CONTROL"
    RESOLVE = "RESOLVE"
    CLOSE = "CLOSE"
    TRANSFER = "TRANSFER"
    DISMISS = "DISMISS"
    MERGE = "MERGE"
    SEPARATE = "SEPARATE"
    REOPEN = "REOPEN"


# No moves, and so no acts of the table: a place has one open fire, and an exercise is none.
OPEN_AT_ITS_PLACE = "OPEN_AT_ITS_PLACE"
MERGE_AN_EXERCISE = "MERGE_AN_EXERCISE"
# The states as the officers' pages call them, the acts as what cannot be done.
STATE_WORDS: Mapping[str, Words] = {
    IncidentState.REPORTED: Words("chưa tiếp nhận", "not acknowledged yet"),
    IncidentState.ACKNOWLEDGED: Words("đã tiếp nhận", "acknowledged"),
    IncidentState.TRIAGED: Words("đã phân loại", "triaged"),
    IncidentState.ASSIGNED: Words("đã giao việc", "assigned"),
    IncidentState.DISPATCHED: Words("đã điều lực lượng", "dispatched"),
    IncidentState.EN_ROUTE: Words("đang đến hiện trường", "with its unit on the way"),
    IncidentState.ON_SCENE: Words("đã đến hiện trường", "with its unit at the scene"),
    IncidentState.CONTROLLED: Words("đã khống chế", "under control"),
    IncidentState.RESOLVED: Words("đã xử lý xong", "resolved"),
    IncidentState.CLOSED: Words("đã đóng", "closed"),
    IncidentState.TRANSFERRED: Words("đã chuyển cơ quan khác", "transferred to another authority"),
    IncidentState.FALSE_ALARM: Words("báo giả", "a false alarm"),
    IncidentState.DUPLICATE: Words("trùng vụ việc khác", "a duplicate of another one"),
    IncidentState.REOPENED: Words("mở lại", "reopened"),
}
ACT_WORDS: Mapping[str, Words] = {
    Act.ACKNOWLEDGE: Words("tiếp nhận", "acknowledge it"),
    Act.TRIAGE: Words("phân loại", "triage it"),
    Act.ASSIGN: Words("giao việc", "assign it"),
    Act.DISPATCH: Words("điều lực lượng", "dispatch a unit"),
    Act.SET_OUT: Words("báo lực lượng đang đến hiện trường", "report the unit on its way"),
    Act.ARRIVE: Words("báo lực lượng đã đến hiện trường", "report the unit at the scene"),
    Act.CONTROL: Words("báo đã khống chế", "report it under control"),
    Act.RESOLVE: Words("báo đã xử lý xong", "report it resolved"),
    Act.CLOSE: Words("đóng", "close it"),
    Act.TRANSFER: Words("chuyển cơ quan khác", "transfer it to another authority"),
    Act.DISMISS: Words("kết luận là báo giả", "dismiss it as a false alarm"),
    Act.MERGE: Words("nhập với vụ việc khác", "merge it with another one"),
    Act.SEPARATE: Words("tách khỏi vụ việc khác", "separate it from another one"),
    Act.REOPEN: Words("mở lại", "reopen it"),
    MERGE_AN_EXERCISE: Words(
        "nhập: một vụ là diễn tập, vụ kia là thật",
        "merge: one of the two is an exercise, the other is real",
    ),
    OPEN_AT_ITS_PLACE: Words(
        "để mở cùng một vụ cháy khác đang mở tại nơi đó; hãy nhập hai vụ",
        "keep it open beside the other open fire at its place; merge the two",
    ),
}


class IncidentStateConflictError(DomainError):
    """In this state that cannot be done."""

    reason = "INCIDENT_STATE_CONFLICT"
    vocabulary: ClassVar[Vocabulary] = {"state": STATE_WORDS, "act": ACT_WORDS}


_S = IncidentState
ENDED = frozenset({_S.RESOLVED, _S.CLOSED, _S.TRANSFERRED, _S.FALSE_ALARM, _S.DUPLICATE})
OPEN = frozenset(IncidentState) - ENDED
# Somebody has taken it on, and it has not ended.
TAKEN_ON = OPEN - {_S.REPORTED}
# Nobody is on the way yet.
AT_THE_DESK = frozenset({_S.ACKNOWLEDGED, _S.TRIAGED, _S.ASSIGNED, _S.REOPENED})


@dataclass(frozen=True)
class Move:
    """From which states an act leads to which one; in the states of `staying` it is done and moves nothing."""

    sources: frozenset[IncidentState]
    target: IncidentState
    staying: frozenset[IncidentState] = frozenset()


MOVES: Mapping[Act, Move] = {
    Act.ACKNOWLEDGE: Move(frozenset({_S.REPORTED}), _S.ACKNOWLEDGED, TAKEN_ON),
    # Who judges, or gives a task, while a unit is on its way does not call it back.
    Act.TRIAGE: Move(
        frozenset({_S.ACKNOWLEDGED, _S.TRIAGED, _S.REOPENED}),
        _S.TRIAGED,
        TAKEN_ON - {_S.ACKNOWLEDGED, _S.TRIAGED, _S.REOPENED},
    ),
    Act.ASSIGN: Move(AT_THE_DESK, _S.ASSIGNED, TAKEN_ON - AT_THE_DESK),
    Act.DISPATCH: Move(AT_THE_DESK | {_S.DISPATCHED}, _S.DISPATCHED),
    Act.SET_OUT: Move(frozenset({_S.ASSIGNED, _S.DISPATCHED}), _S.EN_ROUTE),
    Act.ARRIVE: Move(frozenset({_S.ASSIGNED, _S.DISPATCHED, _S.EN_ROUTE}), _S.ON_SCENE),
    Act.CONTROL: Move(frozenset({_S.ON_SCENE}), _S.CONTROLLED),
    Act.RESOLVE: Move(TAKEN_ON, _S.RESOLVED),
    Act.CLOSE: Move(TAKEN_ON | {_S.RESOLVED}, _S.CLOSED),
    Act.TRANSFER: Move(TAKEN_ON | {_S.TRANSFERRED}, _S.TRANSFERRED),
    Act.DISMISS: Move(TAKEN_ON, _S.FALSE_ALARM),
    Act.MERGE: Move(TAKEN_ON, _S.DUPLICATE),
    Act.SEPARATE: Move(frozenset({_S.DUPLICATE}), _S.ACKNOWLEDGED),
    Act.REOPEN: Move(ENDED - {_S.DUPLICATE}, _S.REOPENED),
}


def after(state: IncidentState, act: Act) -> IncidentState:
    """Tell the state to which an act leads.

    Raises IncidentClosedError, IncidentNotAcknowledgedError, or IncidentStateConflictError for anything else that the
    table does not allow.
    """
    move = MOVES[act]
    if state in move.sources:
        return move.target
    if state in move.staying:
        return state
    if state is IncidentState.CLOSED:
        raise IncidentClosedError
    if state is IncidentState.REPORTED:
        raise IncidentNotAcknowledgedError
    raise IncidentStateConflictError(state=state, act=act)
