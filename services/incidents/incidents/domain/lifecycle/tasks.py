"""Tasks in an incident: who, what, who answers for it, by when, with which result (5 rõ)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError, Vocabulary, Words
from chassis.rules import Rule
from incidents.domain.lifecycle.states import Act


class TaskNotFoundError(DomainError):
    """There is no such task."""

    reason = "TASK_NOT_FOUND"


class TaskOfAnotherError(DomainError):
    """The task was given to somebody else."""

    reason = "TASK_OF_ANOTHER"


class TaskState(StrEnum):
    """Where a task stands."""

    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EN_ROUTE = "EN_ROUTE"
    ON_SCENE = "ON_SCENE"
    DONE = "DONE"


class TaskAct(StrEnum):
    """What its owner does to a task."""

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    SET_OUT = "SET_OUT"
    ARRIVE = "ARRIVE"
    FINISH = "FINISH"


STATE_WORDS: Mapping[str, Words] = {
    TaskState.OFFERED: Words("chờ nhận", "not accepted yet"),
    TaskState.ACCEPTED: Words("đã nhận", "accepted"),
    TaskState.DECLINED: Words("đã từ chối", "declined"),
    TaskState.EN_ROUTE: Words("đang trên đường", "with its owner on the way"),
    TaskState.ON_SCENE: Words("đã có mặt tại hiện trường", "with its owner at the scene"),
    TaskState.DONE: Words("đã hoàn thành", "done"),
}
ACT_WORDS: Mapping[str, Words] = {
    TaskAct.ACCEPT: Words("nhận", "accept it"),
    TaskAct.DECLINE: Words("từ chối", "decline it"),
    TaskAct.SET_OUT: Words("báo đang trên đường", "report setting out"),
    TaskAct.ARRIVE: Words("báo đã có mặt tại hiện trường", "report arriving"),
    TaskAct.FINISH: Words("báo đã hoàn thành", "report it done"),
}


class TaskStateConflictError(DomainError):
    """In this state that cannot be done to the task."""

    reason = "TASK_STATE_CONFLICT"
    vocabulary: ClassVar[Vocabulary] = {"state": STATE_WORDS, "act": ACT_WORDS}


_S = TaskState
ENDED = frozenset({_S.DECLINED, _S.DONE})
# From which states an act leads to which one.
_MOVES: Mapping[TaskAct, tuple[frozenset[TaskState], TaskState]] = {
    TaskAct.ACCEPT: (frozenset({_S.OFFERED}), _S.ACCEPTED),
    TaskAct.DECLINE: (frozenset({_S.OFFERED, _S.ACCEPTED}), _S.DECLINED),
    TaskAct.SET_OUT: (frozenset({_S.ACCEPTED}), _S.EN_ROUTE),
    TaskAct.ARRIVE: (frozenset({_S.ACCEPTED, _S.EN_ROUTE}), _S.ON_SCENE),
    TaskAct.FINISH: (frozenset({_S.ACCEPTED, _S.EN_ROUTE, _S.ON_SCENE}), _S.DONE),
}
# What an act does to the incident, where the incident's lifecycle allows it.
MOVES_INCIDENT: Mapping[TaskAct, Act] = {
    TaskAct.SET_OUT: Act.SET_OUT,
    TaskAct.ARRIVE: Act.ARRIVE,
}


@dataclass(frozen=True)
class Task:
    """A task (nhiệm vụ): `owner` does it, `accountable` answers for it; both are accounts."""

    task_id: UUID
    incident_id: UUID
    owner: str
    task: str
    accountable: str
    due_at: datetime
    given_by: str
    given_at: datetime
    moved_at: datetime
    state: TaskState = TaskState.OFFERED
    result: str = ""

    def moved(self, act: TaskAct, note: str, account: str, now: datetime) -> "Task":
        """Move it; raises TaskOfAnotherError, TaskStateConflictError, or FieldInvalidError without a result."""
        if account != self.owner:
            raise TaskOfAnotherError
        sources, target = _MOVES[act]
        if self.state not in sources:
            raise TaskStateConflictError(state=self.state, act=act)
        if target in ENDED and not note:
            raise FieldInvalidError(
                "note",
                Rule(
                    "vì sao từ chối, hoặc kết quả ra sao", "why it is declined, or what came of it"
                ),
            )
        result = note if target in ENDED else self.result
        return replace(self, state=target, result=result, moved_at=now)

    def overdue(self, now: datetime) -> bool:
        """Tell whether it should be done by now and is not."""
        return self.state not in ENDED and self.due_at <= now
