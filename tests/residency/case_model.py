"""A plain model of residence cases, held against whatever carries them: states, second person, identities, clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from chassis.calendar.working_days import WorkingCalendar
from residency.domain.cases.states import OPEN_STATES, CaseState, RefusalGround

CALENDAR = WorkingCalendar()
TERM_DAYS = 3
SUPPLEMENT_DAYS = 30
START = datetime(2026, 1, 26, 3, tzinfo=UTC)
MAKER, STRANGER = "citizen-1", "citizen-2"
OFFICER_ACCOUNTS = ("officer-1", "officer-2", "officer-3")
OFFICERS = st.sampled_from(OFFICER_ACCOUNTS)

# What the machine allows, said once more as plainly as can be: act and state, and the state after.
PLAIN = {
    ("submit", "DRAFT"): "SUBMITTED",
    ("ask", "SUBMITTED"): "SUPPLEMENT_REQUESTED",
    ("ask", "ACCEPTED"): "SUPPLEMENT_REQUESTED",
    ("ask", "VERIFYING"): "SUPPLEMENT_REQUESTED",
    ("accept", "SUBMITTED"): "ACCEPTED",
    ("verify", "ACCEPTED"): "VERIFYING",
    ("verify", "VERIFYING"): "VERIFYING",
    ("see_original", "ACCEPTED"): "VERIFYING",
    ("see_original", "VERIFYING"): "VERIFYING",
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


class RefusedError(Exception):
    """What was tried was refused, for this reason."""


class Carrier(Protocol):
    """Carries one case of temporary residence, made by MAKER at START: a value, or the running service."""

    def act(self, act: str, now: datetime, account: str, **words: Any) -> None:
        """Do something with the case; raises RefusedError."""

    def state(self) -> str:
        """Tell where the case stands."""

    def identity_check(self) -> str:
        """Tell what is known of the identity."""

    def due_on(self) -> date | None:
        """Tell the due day; None while no clock runs."""

    def sees(self, account: str) -> bool:
        """Tell whether somebody sees the case."""

    def registrations(self) -> int:
        """Count what holds on the register because of the case."""


class CaseMachine(RuleBasedStateMachine):
    """Moves a case at random; the model keeps the state, who did what, and every day that counts."""

    def carrier(self) -> Carrier:
        """Make a draft at START."""
        raise NotImplementedError

    @initialize()
    def make(self) -> None:
        """Begin with a draft."""
        self.case = self.carrier()
        self.now = START
        self.state = "DRAFT"
        self.check = "NOT_ASKED"
        self.submitted = False
        self.handlers: set[str] = set()
        self.decider = ""
        self.accepted_on: date | None = None
        self.waited_on: set[date] = set()
        self.waiting = False
        self.asked_on: date | None = None

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        """Let time pass, day by day where the citizen is waited for."""
        for _ in range(hours):
            self.now += timedelta(hours=1)
            if self.waiting:
                self.waited_on.add(self.today)

    @precondition(lambda self: self.waiting)
    @rule(days=st.integers(SUPPLEMENT_DAYS, SUPPLEMENT_DAYS + 10))
    def wait_in_vain(self, days: int) -> None:
        """Let the time for a supplement pass, to its last day or beyond."""
        for _ in range(days):
            self.now += timedelta(days=1)
            self.waited_on.add(self.today)

    @rule()
    def submit(self) -> None:
        """Hand in."""
        self.submitted |= self.moves("submit", MAKER)

    @rule(officer=OFFICERS)
    def ask(self, officer: str) -> None:
        """Ask for a supplement."""
        if self.moves("ask", officer):
            self.waiting, self.asked_on = True, self.today
            self.waited_on.add(self.today)

    @rule(account=st.sampled_from([MAKER, *OFFICER_ACCOUNTS]))
    def supplement(self, account: str) -> None:
        """Answer, or have an officer write it: back to the desk, or to acceptance where the clock has started."""
        if self.state != "SUPPLEMENT_REQUESTED":
            hidden = account != MAKER and not self.submitted
            reason = "CASE_NOT_FOUND" if hidden else "CASE_STATE_CONFLICT"
            self.refused(reason, "supplement", account)
            return
        self.case.act("supplement", self.now, account)
        self.handlers.add(account)
        self.state = "ACCEPTED" if self.accepted_on else "SUBMITTED"
        self.check, self.waiting = "NOT_ASKED", False

    @rule(officer=OFFICERS)
    def accept(self, officer: str) -> None:
        """Accept."""
        if self.moves("accept", officer):
            self.handlers.add(officer)
            self.accepted_on = self.today
            self.waited_on = set()

    @rule(officer=OFFICERS, act=st.sampled_from(["verify", "see_original"]))
    def verify(self, officer: str, act: str) -> None:
        """Have the identity verified, or see the original."""
        if self.moves(act, officer):
            self.handlers.add(officer)
            self.check = "PENDING" if act == "verify" else "ORIGINAL_SEEN"

    @rule(check=st.sampled_from(["MATCH", "MISMATCH", "NOT_FOUND"]))
    def answer(self, check: str) -> None:
        """Let the population database answer; only what is pending is answered."""
        if self.check != "PENDING":
            self.refused("CASE_STATE_CONFLICT", "answer", "", check=check)
        elif self.moves("answer", "", check=check):
            self.check = check

    @rule(officer=OFFICERS, finding=st.sampled_from(["", "Đã xem bản gốc"]))
    def approve(self, officer: str, finding: str) -> None:
        """Approve, which needs a second person, an answer, and words where there is doubt."""
        doubtful = self.check in {"MISMATCH", "NOT_FOUND"}
        if self.state == "VERIFYING" and officer in self.handlers:
            self.refused("SECOND_PERSON_REQUIRED", "approve", officer, finding=finding)
        elif self.state == "VERIFYING" and self.check == "PENDING":
            self.refused("IDENTITY_CHECK_PENDING", "approve", officer, finding=finding)
        elif self.state == "VERIFYING" and bool(finding) != doubtful:
            self.refused("FIELD_INVALID", "approve", officer, finding=finding)
        elif self.moves("approve", officer, finding=finding):
            self.decider = officer

    @rule(officer=OFFICERS, ground=st.sampled_from(RefusalGround))
    def refuse(self, officer: str, ground: RefusalGround) -> None:
        """Refuse; an unanswered identity is no ground."""
        identity = ground is RefusalGround.IDENTITY_NOT_CONFIRMED
        if self.state == "SUPPLEMENT_REQUESTED":
            self.refuse_unanswered(officer, ground)
        elif (
            ("refuse", self.state) in PLAIN and identity and self.check in {"NOT_ASKED", "PENDING"}
        ):
            self.refused("IDENTITY_CHECK_PENDING", "refuse", officer, ground=ground)
        else:
            self.moves("refuse", officer, ground=ground)

    def refuse_unanswered(self, officer: str, ground: RefusalGround) -> None:
        """Refuse while the citizen is waited for: only since they had their time, and only for that."""
        assert self.asked_on
        last = self.asked_on + timedelta(days=SUPPLEMENT_DAYS)
        while not CALENDAR.is_working(last):
            last += timedelta(days=1)
        in_vain = self.today > last
        if in_vain and ground is RefusalGround.NOT_SUPPLEMENTED:
            self.case.act("refuse", self.now, officer, ground=ground)
            self.state = "REFUSED"
        else:
            self.refused("CASE_STATE_CONFLICT", "refuse", officer, ground=ground)

    @rule()
    def withdraw(self) -> None:
        """Take back."""
        self.moves("withdraw", MAKER)

    @rule(officer=OFFICERS)
    def cancel(self, officer: str) -> None:
        """Annul, which needs another person than who decided."""
        if self.state == "RECORDED" and officer == self.decider:
            self.refused("SECOND_PERSON_REQUIRED", "cancel", officer)
        else:
            self.moves("cancel", officer)

    @invariant()
    def the_case_stands_where_the_model_says(self) -> None:
        """State and identity, and on the register what was approved and not annulled."""
        assert self.case.state() == self.state
        assert self.case.identity_check() == self.check
        assert self.case.registrations() == (self.state == "RECORDED")

    @invariant()
    def suspended_time_never_counts(self) -> None:
        """Due is the third working day after acceptance on no hour of which the citizen was waited for."""
        if self.accepted_on is None or CaseState(self.state) not in OPEN_STATES:
            return
        due_on = self.plainly_due()
        if not self.waiting:
            assert self.case.due_on() == due_on
        else:
            assert self.case.due_on() in {None, due_on}

    @invariant()
    def a_draft_is_its_makers_only(self) -> None:
        """Officers see what was handed in, other citizens nothing."""
        assert self.case.sees(OFFICER_ACCOUNTS[0]) is self.submitted
        assert self.case.sees(MAKER)
        assert not self.case.sees(STRANGER)

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

    def moves(self, act: str, account: str, **words: Any) -> bool:
        """Move, if and only if the plain table says so."""
        after = PLAIN.get((act, self.state))
        hidden = account in OFFICER_ACCOUNTS and not self.submitted
        if hidden or after is None:
            reason = "CASE_NOT_FOUND" if hidden else "CASE_STATE_CONFLICT"
            self.refused(reason, act, account, **words)
            return False
        self.case.act(act, self.now, account, **words)
        self.state = after
        return True

    def refused(self, reason: str, act: str, account: str, **words: Any) -> None:
        """Try what must be refused."""
        with pytest.raises(RefusedError, match=f"^{reason}$"):
            self.case.act(act, self.now, account, **words)
