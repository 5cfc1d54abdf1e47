"""The machine of cases against a plain model: states, second person, identities, and the clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.errors import DomainError, FieldInvalidError
from residency.domain.calendar import WorkingCalendar
from residency.domain.cases.machine import (
    Caller,
    Case,
    CaseNotFoundError,
    CaseStateConflictError,
    IdentityCheckPendingError,
    SecondPersonRequiredError,
)
from residency.domain.cases.states import (
    OPEN_STATES,
    CaseChannel,
    CaseState,
    IdentityCheck,
    RefusalGround,
)
from residency.domain.declarations import CaseKind

CALENDAR = WorkingCalendar()
Move = Callable[[Case], Case]
TERM_DAYS = 3
START = datetime(2026, 1, 26, 3, tzinfo=UTC)
OFFICERS = st.sampled_from([Caller(f"officer-{number}", is_officer=True) for number in (1, 2, 3)])
KIND = CaseKind.TEMPORARY_RESIDENCE

# What the machine allows, said once more as plainly as can be: act and state, and the state after.
PLAIN = {
    ("submit", "DRAFT"): "SUBMITTED",
    ("ask", "SUBMITTED"): "SUPPLEMENT_REQUESTED",
    ("ask", "ACCEPTED"): "SUPPLEMENT_REQUESTED",
    ("ask", "VERIFYING"): "SUPPLEMENT_REQUESTED",
    ("accept", "SUBMITTED"): "ACCEPTED",
    ("verify", "ACCEPTED"): "VERIFYING",
    ("verify", "VERIFYING"): "VERIFYING",
    ("answer", "VERIFYING"): "VERIFYING",
    ("approve", "VERIFYING"): "RECORDED",
    ("refuse", "SUBMITTED"): "REFUSED",
    ("refuse", "ACCEPTED"): "REFUSED",
    ("refuse", "VERIFYING"): "REFUSED",
    ("withdraw", "DRAFT"): "WITHDRAWN",
    ("withdraw", "SUBMITTED"): "WITHDRAWN",
    ("withdraw", "SUPPLEMENT_REQUESTED"): "WITHDRAWN",
    ("withdraw", "ACCEPTED"): "WITHDRAWN",
    ("withdraw", "VERIFYING"): "WITHDRAWN",
    ("cancel", "RECORDED"): "CANCELLED",
}


class CaseMachine(RuleBasedStateMachine):
    """Moves a case at random; the model keeps the state, who did what, and every day that counts."""

    @initialize()
    def make(self) -> None:
        """Begin with a draft."""
        self.case = Case(
            case_id=UUID(int=1),
            case_number="11002-2026-000001",
            ward_code="11002",
            kind=KIND,
            channel=CaseChannel.ELECTRONIC,
            account="citizen-1",
            created_at=START,
        )
        self.now = START
        self.state = "DRAFT"
        self.check = "NOT_ASKED"
        self.handlers: set[str] = set()
        self.decider = ""
        self.accepted_on: date | None = None
        self.waited_on: set[date] = set()
        self.waiting = False

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        """Let time pass, day by day where the citizen is waited for."""
        for _ in range(hours):
            self.now += timedelta(hours=1)
            if self.waiting:
                self.waited_on.add(self.today)

    @rule()
    def submit(self) -> None:
        """Hand in."""
        self.moves("submit", lambda case: case.submit(self.now))

    @rule()
    def ask(self) -> None:
        """Ask for a supplement."""
        if self.moves("ask", lambda case: case.request_supplement(CALENDAR, self.now)):
            self.waiting = True
            self.waited_on.add(self.today)

    @rule()
    def supplement(self) -> None:
        """Answer: back to the desk, or to acceptance where the clock has started."""
        before = self.state
        try:
            self.case = self.case.supplemented(KIND, CALENDAR, self.now)
        except CaseStateConflictError:
            assert before != "SUPPLEMENT_REQUESTED"
            return
        assert before == "SUPPLEMENT_REQUESTED"
        self.state = "ACCEPTED" if self.accepted_on else "SUBMITTED"
        self.check, self.waiting = "NOT_ASKED", False

    @rule(officer=OFFICERS)
    def accept(self, officer: Caller) -> None:
        """Accept."""
        if self.moves("accept", lambda case: case.accept(officer, CALENDAR, TERM_DAYS, self.now)):
            self.handlers = {officer.account}
            self.accepted_on = self.today
            self.waited_on = set()

    @rule(officer=OFFICERS, original=st.booleans())
    def verify(self, officer: Caller, original: bool) -> None:  # noqa: FBT001 - drawn by name
        """Have the identity verified, or see the original."""

        def move(case: Case) -> Case:
            return case.see_original(officer) if original else case.verify(officer)

        if self.moves("verify", move):
            self.handlers = {self.case.accepted_by, officer.account}
            self.check = "ORIGINAL_SEEN" if original else "PENDING"

    @rule(check=st.sampled_from(["MATCH", "MISMATCH", "NOT_FOUND"]))
    def answer(self, check: str) -> None:
        """Let the population database answer; only what is pending is answered."""
        if self.check == "PENDING":
            if self.moves("answer", lambda case: case.identity_answered(IdentityCheck(check))):
                self.check = check
        else:
            self.refused(
                CaseStateConflictError,
                lambda case: case.identity_answered(IdentityCheck(check)),
            )

    @rule(officer=OFFICERS, finding=st.sampled_from(["", "Đã xem bản gốc"]))
    def approve(self, officer: Caller, finding: str) -> None:
        """Approve, which needs a second person, an answer, and words where there is doubt."""

        def move(case: Case) -> Case:
            return case.approve(officer, finding, self.now).record()

        if self.state == "VERIFYING" and officer.account in self.handlers:
            self.refused(SecondPersonRequiredError, move)
        elif self.state == "VERIFYING" and self.check == "PENDING":
            self.refused(IdentityCheckPendingError, move)
        elif self.state == "VERIFYING" and bool(finding) != (
            self.check in {"MISMATCH", "NOT_FOUND"}
        ):
            self.refused(FieldInvalidError, move)
        elif self.moves("approve", move):
            self.decider = officer.account

    @rule(officer=OFFICERS, ground=st.sampled_from(RefusalGround))
    def refuse(self, officer: Caller, ground: RefusalGround) -> None:
        """Refuse; an unanswered identity is no ground."""

        def move(case: Case) -> Case:
            return case.refuse(officer, ground, self.now)

        identity = ground is RefusalGround.IDENTITY_NOT_CONFIRMED
        if ("refuse", self.state) in PLAIN and identity and self.check in {"NOT_ASKED", "PENDING"}:
            self.refused(IdentityCheckPendingError, move)
        else:
            self.moves("refuse", move)

    @rule()
    def withdraw(self) -> None:
        """Take back."""
        self.moves("withdraw", lambda case: case.withdraw())

    @rule(officer=OFFICERS)
    def cancel(self, officer: Caller) -> None:
        """Annul, which needs another person than who decided."""
        if self.state == "RECORDED" and officer.account == self.decider:
            self.refused(SecondPersonRequiredError, lambda case: case.cancel(officer))
        else:
            self.moves("cancel", lambda case: case.cancel(officer))

    @invariant()
    def the_case_stands_where_the_model_says(self) -> None:
        """State and identity."""
        assert self.case.state == self.state
        assert self.case.identity_check == self.check

    @invariant()
    def suspended_time_never_counts(self) -> None:
        """Due is the third working day after acceptance on no hour of which the citizen was waited for."""
        if self.accepted_on is None or CaseState(self.state) not in OPEN_STATES:
            return
        due_on = self.plainly_due()
        if not self.waiting:
            assert self.case.due_on == due_on
        else:
            assert self.case.due_on in {None, due_on}

    @invariant()
    def a_draft_is_its_makers_only(self) -> None:
        """Officers see what was handed in, other citizens nothing."""
        sees = self.case.submitted_at is not None
        assert visible(self.case, Caller("officer-1", is_officer=True)) is sees
        assert visible(self.case, Caller("citizen-1", is_officer=False))
        assert not visible(self.case, Caller("citizen-2", is_officer=False))

    @property
    def today(self) -> date:
        """The ward's day."""
        return (self.now + timedelta(hours=7)).date()

    def plainly_due(self) -> date:
        """Count day by day."""
        assert self.accepted_on
        day, counted = self.accepted_on, 0
        while counted < TERM_DAYS:
            day += timedelta(days=1)
            counted += CALENDAR.is_working(day) and day not in self.waited_on
        return day

    def moves(self, act: str, move: Move) -> bool:
        """Move, if and only if the plain table says so."""
        after = PLAIN.get((act, self.state))
        if after is None:
            self.refused(CaseStateConflictError, move)
            return False
        self.case, self.state = move(self.case), after
        return True

    def refused(self, kind: type[DomainError], move: Move) -> None:
        """Try what must be refused."""
        with pytest.raises(kind):
            move(self.case)


def visible(case: Case, caller: Caller) -> bool:
    """Tell whether a caller may see a case."""
    try:
        case.check_visible(caller)
    except CaseNotFoundError:
        return False
    return True


TestCaseMachine = CaseMachine.TestCase
TestCaseMachine.settings = settings(max_examples=80, stateful_step_count=40)


def test_a_deregistration_cannot_be_annulled() -> None:
    """What it ended needs a new registration."""
    case = Case(
        UUID(int=1),
        "11002-2026-000001",
        "11002",
        CaseKind.DEREGISTRATION,
        CaseChannel.COUNTER,
        "officer-1",
        START,
        CaseState.RECORDED,
    )
    with pytest.raises(CaseStateConflictError):
        case.cancel(Caller("officer-2", is_officer=True))


def test_a_supplement_keeps_the_kind() -> None:
    """Another request is another case."""
    case = Case(
        UUID(int=1),
        "11002-2026-000001",
        "11002",
        KIND,
        CaseChannel.COUNTER,
        "officer-1",
        START,
        CaseState.SUPPLEMENT_REQUESTED,
    )
    with pytest.raises(FieldInvalidError):
        case.supplemented(CaseKind.RENEWAL, CALENDAR, START)
