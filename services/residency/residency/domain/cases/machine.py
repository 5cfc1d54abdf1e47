"""The machine of residence cases: who may move one where (Circular 116/2026/TT-BCA).

draft → submitted ⇄ supplement requested
↓               ⇅
accepted → verifying → approved → recorded → cancelled
refused from submitted, accepted or verifying, and where the citizen was asked in vain; withdrawn until it is decided
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_day
from chassis.errors import DomainError, FieldInvalidError, Vocabulary
from chassis.rules import Rule
from residency.domain.cases.calendar import ProcessingClock
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.states import (
    ACT_WORDS,
    OPEN_STATES,
    STATE_WORDS,
    CaseAct,
    CaseChannel,
    CaseState,
    IdentityCheck,
    RefusalGround,
)


class CaseNotFoundError(DomainError):
    """No case has this number, or it is not the caller's to see."""

    reason = "CASE_NOT_FOUND"


class CaseStateConflictError(DomainError):
    """The case does not stand where this can be done."""

    reason = "CASE_STATE_CONFLICT"
    vocabulary: ClassVar[Vocabulary] = {"state": STATE_WORDS, "act": ACT_WORDS}


class SecondPersonRequiredError(DomainError):
    """Who wrote into a case, accepted or verified it may not approve it, nor who decided it annul it."""

    reason = "SECOND_PERSON_REQUIRED"


class IdentityCheckPendingError(DomainError):
    """The population database has not answered, and nobody saw the original."""

    reason = "IDENTITY_CHECK_PENDING"


_UNANSWERED = frozenset({IdentityCheck.NOT_ASKED, IdentityCheck.PENDING})
_DOUBTFUL = frozenset({IdentityCheck.MISMATCH, IdentityCheck.NOT_FOUND})

_S = CaseState
_MOVES: Mapping[CaseAct, Mapping[CaseState, CaseState]] = {
    CaseAct.SUBMIT: {_S.DRAFT: _S.SUBMITTED},
    CaseAct.REQUEST_SUPPLEMENT: dict.fromkeys(
        (_S.SUBMITTED, _S.ACCEPTED, _S.VERIFYING), _S.SUPPLEMENT_REQUESTED
    ),
    # With a clock that has started it goes back to ACCEPTED: see `supplemented`.
    CaseAct.SUPPLEMENT: {_S.SUPPLEMENT_REQUESTED: _S.SUBMITTED},
    CaseAct.ACCEPT: {_S.SUBMITTED: _S.ACCEPTED},
    CaseAct.VERIFY: {_S.ACCEPTED: _S.VERIFYING, _S.VERIFYING: _S.VERIFYING},
    CaseAct.SEE_ORIGINAL: {_S.ACCEPTED: _S.VERIFYING, _S.VERIFYING: _S.VERIFYING},
    CaseAct.IDENTITY_ANSWERED: {_S.VERIFYING: _S.VERIFYING},
    CaseAct.APPROVE: {_S.VERIFYING: _S.APPROVED},
    CaseAct.RECORD: {_S.APPROVED: _S.RECORDED},
    # Where a supplement was asked for only on one ground and after its last day: see `refuse`.
    CaseAct.REFUSE: dict.fromkeys(
        (_S.SUBMITTED, _S.SUPPLEMENT_REQUESTED, _S.ACCEPTED, _S.VERIFYING), _S.REFUSED
    ),
    CaseAct.WITHDRAW: dict.fromkeys(
        (_S.DRAFT, _S.SUBMITTED, _S.SUPPLEMENT_REQUESTED, _S.ACCEPTED, _S.VERIFYING),
        _S.WITHDRAWN,
    ),
    CaseAct.CANCEL: {_S.RECORDED: _S.CANCELLED},
}
# What can be annulled is an entry. An end or a change cannot be made as if it had not been: another case is needed.
_ENTERING = frozenset(CaseKind) - {
    CaseKind.DEREGISTRATION,
    CaseKind.HOUSEHOLD_SPLIT,
    CaseKind.CHANGE_OF_INFORMATION,
}


@dataclass(frozen=True)
class Caller:
    """Who moves or asks for a case: an officer, or a citizen in their own affairs."""

    account: str
    is_officer: bool


@dataclass(frozen=True)
class Case:
    """A case without its declaration. Accounts are empty where nobody did so yet."""

    case_id: UUID
    case_number: str
    ward_code: str
    kind: CaseKind
    channel: CaseChannel
    # Who made it: the citizen, or the officer at the counter.
    account: str
    created_at: datetime
    state: CaseState = CaseState.DRAFT
    identity_check: IdentityCheck = IdentityCheck.NOT_ASKED
    submitted_at: datetime | None = None
    accepted_by: str = ""
    accepted_at: datetime | None = None
    verified_by: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    refusal_ground: RefusalGround | None = None
    clock: ProcessingClock | None = None
    # The last day for the supplement that the citizen was asked for; None while nothing is asked for.
    supplement_due_on: date | None = None
    # Who wrote its declaration, accepted or verified it, ever: none of them approves it.
    written_by: frozenset[str] = frozenset()
    # The registration whose term it would renew, once it is handed in; None for other kinds.
    renews: UUID | None = None

    @property
    def stands(self) -> bool:
        """Tell whether it has changed the register, or may still do so once it is handed in."""
        return self.state in OPEN_STATES or self.state is CaseState.RECORDED

    @property
    def due_on(self) -> date | None:
        """The day by which it must be decided; None while no clock runs."""
        return self.clock.due_on if self.clock else None

    def is_unanswered(self, today: date) -> bool:
        """Tell whether the last day for a supplement is over that the citizen has not given."""
        return self.supplement_due_on is not None and self.supplement_due_on < today

    def check_visible(self, caller: Caller) -> None:
        """Refuse a case that is not the caller's to see, like one that does not exist."""
        handed_in = self.submitted_at is not None
        if not (self.account == caller.account or (caller.is_officer and handed_in)):
            raise CaseNotFoundError

    def submit(self, now: datetime) -> Self:
        """Hand the draft in."""
        return replace(self._moved(CaseAct.SUBMIT), submitted_at=now)

    def request_supplement(
        self, calendar: WorkingCalendar, supplement_days: int, now: datetime
    ) -> Self:
        """Wait for the citizen for so many days, the last of which is still in time; a clock that runs stands still.

        The last is a working day, so that somebody can be asked.
        """
        today = ward_day(now)
        return replace(
            self._moved(CaseAct.REQUEST_SUPPLEMENT),
            clock=self.clock and self.clock.suspend(calendar, today),
            supplement_due_on=calendar.ending(today + timedelta(days=supplement_days)),
        )

    def supplemented(
        self, caller: Caller, kind: CaseKind, calendar: WorkingCalendar, now: datetime
    ) -> Self:
        """Take the supplement, also late; the clock goes on, and the identities are to be verified anew."""
        if kind is not self.kind:
            raise FieldInvalidError(
                "declaration", Rule("cùng loại như trước", "of the same kind as before")
            )
        case = replace(
            self._moved(CaseAct.SUPPLEMENT),
            identity_check=IdentityCheck.NOT_ASKED,
            supplement_due_on=None,
            written_by=self.written_by | {caller.account},
        )
        if self.clock is None:
            return case
        clock = self.clock.resume(calendar, ward_day(now))
        return replace(case, state=CaseState.ACCEPTED, clock=clock)

    def accept(
        self, caller: Caller, calendar: WorkingCalendar, term_days: int, now: datetime
    ) -> Self:
        """Find the file valid and start the clock of so many working days."""
        clock = ProcessingClock.start(calendar, term_days, ward_day(now))
        return replace(
            self._moved(CaseAct.ACCEPT),
            accepted_by=caller.account,
            accepted_at=now,
            clock=clock,
            written_by=self.written_by | {caller.account},
        )

    def verify(self, caller: Caller) -> Self:
        """Await the population database's answer."""
        return replace(
            self._moved(CaseAct.VERIFY),
            verified_by=caller.account,
            identity_check=IdentityCheck.PENDING,
            written_by=self.written_by | {caller.account},
        )

    def see_original(self, caller: Caller) -> Self:
        """Note that the citizen showed the originals (Circular 116/2026/TT-BCA Art. 3(6))."""
        return replace(
            self._moved(CaseAct.SEE_ORIGINAL),
            verified_by=caller.account,
            identity_check=IdentityCheck.ORIGINAL_SEEN,
            written_by=self.written_by | {caller.account},
        )

    def identity_answered(self, check: IdentityCheck) -> Self:
        """Take the population database's answer; whatever it is, a person decides."""
        if self.identity_check is not IdentityCheck.PENDING:
            raise self._conflict(CaseAct.IDENTITY_ANSWERED)
        return replace(self._moved(CaseAct.IDENTITY_ANSWERED), identity_check=check)

    def approve(self, caller: Caller, finding: str, now: datetime) -> Self:
        """Approve as a second person; an identity in doubt needs a finding in writing."""
        case = self._moved(CaseAct.APPROVE)
        if caller.account in self.written_by:
            raise SecondPersonRequiredError
        if self.identity_check in _UNANSWERED:
            raise IdentityCheckPendingError
        if (self.identity_check in _DOUBTFUL) != bool(finding):
            raise FieldInvalidError(
                "finding",
                Rule(
                    "bắt buộc khi nhân thân có nghi vấn, và chỉ khi đó",
                    "given if, and only if, the identity is in doubt",
                ),
            )
        return replace(case, decided_by=caller.account, decided_at=now)

    def record(self) -> Self:
        """Say that the register has the change."""
        return self._moved(CaseAct.RECORD)

    def refuse(self, caller: Caller, ground: RefusalGround, now: datetime) -> Self:
        """Refuse; an identity that nobody answered for is no ground.

        While a supplement is waited for only that it was not given by its last day is one.
        """
        case = self._moved(CaseAct.REFUSE)
        unanswered = ground is RefusalGround.NOT_SUPPLEMENTED and self.is_unanswered(ward_day(now))
        if self.state is CaseState.SUPPLEMENT_REQUESTED and not unanswered:
            raise self._conflict(CaseAct.REFUSE)
        identity = ground is RefusalGround.IDENTITY_NOT_CONFIRMED
        if identity and self.identity_check in _UNANSWERED:
            raise IdentityCheckPendingError
        return replace(
            case,
            refusal_ground=ground,
            decided_by=caller.account,
            decided_at=now,
            supplement_due_on=None,
        )

    def withdraw(self, caller: Caller, reason: str) -> Self:
        """Take it back before it is decided; an officer says why a case is that was handed in."""
        case = self._moved(CaseAct.WITHDRAW)
        if caller.is_officer and self.submitted_at and not reason:
            raise FieldInvalidError(
                "reason",
                Rule(
                    "vì sao cán bộ rút hồ sơ đã nộp",
                    "why an officer takes back what was handed in",
                ),
            )
        return replace(case, supplement_due_on=None)

    def cancel(self, caller: Caller) -> Self:
        """Annul what it entered, as another person than who decided."""
        if self.kind not in _ENTERING:
            raise self._conflict(CaseAct.CANCEL)
        case = self._moved(CaseAct.CANCEL)
        if caller.account == self.decided_by:
            raise SecondPersonRequiredError
        return case

    def _moved(self, act: CaseAct) -> Self:
        moved = _MOVES[act].get(self.state)
        if moved is None:
            raise self._conflict(act)
        return replace(self, state=moved)

    def _conflict(self, act: CaseAct) -> CaseStateConflictError:
        return CaseStateConflictError(state=self.state, act=act)


@dataclass(frozen=True)
class CaseNumber:
    """The one electronic number of a case: ward code, year and running number of the year."""

    ward_code: str
    year: int
    running: int

    def __str__(self) -> str:
        """Write it: `11002-2026-000123`."""
        return f"{self.ward_code}-{self.year}-{self.running:06d}"
