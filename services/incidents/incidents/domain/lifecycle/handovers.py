"""Handing an incident over to the city's dispatch centre: offered, and then as the centre says, never backwards."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError

# A centre that does not answer is asked again after this time, each time doubled up to the longest.
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=1)
# How often the centre is asked how far it is.
_ASKED_EVERY = timedelta(seconds=10)
# What one instance took and was not heard of again is taken anew.
TAKEN_FOR = timedelta(seconds=30)


class HandoverPendingError(DomainError):
    """The incident was offered before, and that is not over."""

    reason = "HANDOVER_PENDING"


class HandoverState(StrEnum):
    """Where an offer stands."""

    OFFERING = "OFFERING"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    ON_SCENE = "ON_SCENE"
    DISPOSED = "DISPOSED"


FINAL = frozenset({HandoverState.REJECTED, HandoverState.DISPOSED})
_UNDECIDED = frozenset({HandoverState.OFFERING, HandoverState.OFFERED})
# The way of an offer that is not rejected; the centre is asked now and then, so that a step may be missed.
_WAY = (
    HandoverState.OFFERING,
    HandoverState.OFFERED,
    HandoverState.ACCEPTED,
    HandoverState.ON_SCENE,
    HandoverState.DISPOSED,
)


@dataclass(frozen=True)
class CentreAnswer:
    """What the centre says of an offer."""

    state: HandoverState
    centre_reference: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Handover:
    """An offer. `unanswered` counts the tries in a row without an answer that can be believed.

    `due_at` is when the centre is asked next; None once it is over.
    """

    handover_id: UUID
    incident_id: UUID
    state: HandoverState
    summary: str
    offered_by: str
    offered_at: datetime
    changed_at: datetime
    due_at: datetime | None
    centre_reference: str = ""
    remark: str = ""
    unanswered: int = 0

    def heard(self, answer: CentreAnswer | None, now: datetime) -> "Handover":
        """Take an answer of the centre; one that goes backwards is not believed, like none at all."""
        if answer is None or not self._may_become(answer.state):
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self.unanswered, 10))
            return replace(self, unanswered=self.unanswered + 1, due_at=now + pause)
        changed = answer.state is not self.state
        return replace(
            self,
            state=answer.state,
            changed_at=now if changed else self.changed_at,
            due_at=None if answer.state in FINAL else now + _ASKED_EVERY,
            centre_reference=answer.centre_reference or self.centre_reference,
            remark=answer.remark or self.remark,
            unanswered=0,
        )

    def _may_become(self, state: HandoverState) -> bool:
        if self.state in FINAL:
            return state is self.state
        if state is HandoverState.REJECTED:
            return self.state in _UNDECIDED
        return _WAY.index(state) >= max(_WAY.index(self.state), 1)


@dataclass(frozen=True)
class HandoverWanted:
    """An incident to offer."""

    incident_id: UUID
    account: str
    request_id: str
    digest: bytes
    summary: str
