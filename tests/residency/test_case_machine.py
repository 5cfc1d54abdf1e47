"""The machine of cases against the plain model, and its rules that the model leaves out."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings

from chassis.errors import DomainError, FieldInvalidError
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.machine import (
    Caller,
    Case,
    CaseNotFoundError,
    CaseStateConflictError,
    SecondPersonRequiredError,
)
from residency.domain.cases.states import CaseChannel, CaseState, IdentityCheck
from tests.residency.case_model import (
    CALENDAR,
    MAKER,
    OFFICER_ACCOUNTS,
    START,
    SUPPLEMENT_DAYS,
    TERM_DAYS,
    CaseMachine,
    RefusedError,
)

KIND = CaseKind.TEMPORARY_RESIDENCE


class CaseValue:
    """A case as the domain has it: a value that each move replaces."""

    def __init__(self) -> None:
        self._case = Case(
            case_id=UUID(int=1),
            case_number="11002-2026-000001",
            ward_code="11002",
            kind=KIND,
            channel=CaseChannel.ELECTRONIC,
            account=MAKER,
            created_at=START,
        )

    def act(self, act: str, now: datetime, account: str, **words: Any) -> None:
        """Do something with the case, as an operation does."""
        caller = Caller(account, is_officer=account in OFFICER_ACCOUNTS)
        try:
            if account:
                self._case.check_visible(caller)
            self._case = self._moved(act, now, caller, **words)
        except DomainError as error:
            raise RefusedError(error.reason) from error

    def _moved(self, act: str, now: datetime, caller: Caller, **words: Any) -> Case:
        case = self._case
        match act:
            case "submit":
                return case.submit(now)
            case "ask":
                return case.request_supplement(CALENDAR, SUPPLEMENT_DAYS, now)
            case "supplement":
                return case.supplemented(caller, KIND, CALENDAR, now)
            case "accept":
                return case.accept(caller, CALENDAR, TERM_DAYS, now)
            case "verify":
                return case.verify(caller)
            case "see_original":
                return case.see_original(caller)
            case "answer":
                return case.identity_answered(IdentityCheck(words["check"]))
            case "approve":
                return case.approve(caller, words["finding"], now).record()
            case "refuse":
                return case.refuse(caller, words["ground"], now)
            case "withdraw":
                return case.withdraw(caller, "")
            case _:
                return case.cancel(caller)

    def state(self) -> str:
        """Tell where the case stands."""
        return self._case.state

    def identity_check(self) -> str:
        """Tell what is known of the identity."""
        return self._case.identity_check

    def due_on(self) -> date | None:
        """Tell the due day."""
        return self._case.due_on

    def sees(self, account: str) -> bool:
        """Tell whether somebody sees the case."""
        try:
            self._case.check_visible(Caller(account, is_officer=account in OFFICER_ACCOUNTS))
        except CaseNotFoundError:
            return False
        return True

    def registrations(self) -> int:
        """Tell whether the register has the change: the operation enters it with this state."""
        return int(self._case.state is CaseState.RECORDED)


class ValueMachine(CaseMachine):
    """The model against the domain."""

    def carrier(self) -> CaseValue:
        """Make a draft."""
        return CaseValue()


TestCaseMachine = ValueMachine.TestCase
TestCaseMachine.settings = settings(max_examples=80, stateful_step_count=40)


def test_the_last_day_for_a_supplement_is_one_on_which_offices_work() -> None:
    """Thirty days before Tết of 2027 lead to its third day: a citizen may come until the Thursday after it."""
    asked = datetime(2027, 1, 9, 3, tzinfo=UTC)
    case = Case(
        case_id=UUID(int=1),
        case_number="11002-2027-000001",
        ward_code="11002",
        kind=KIND,
        channel=CaseChannel.ELECTRONIC,
        account=MAKER,
        created_at=asked,
    ).submit(asked)
    waiting = case.request_supplement(CALENDAR, SUPPLEMENT_DAYS, asked)

    assert waiting.supplement_due_on == date(2027, 2, 11)
    assert not waiting.is_unanswered(date(2027, 2, 11))
    assert waiting.is_unanswered(date(2027, 2, 12))


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


def test_who_made_a_case_at_the_counter_does_not_approve_it() -> None:
    """Nor who verified it before somebody else did so again."""
    maker, other, third = (Caller(one, is_officer=True) for one in OFFICER_ACCOUNTS)
    case = Case(
        UUID(int=1),
        "11002-2026-000001",
        "11002",
        KIND,
        CaseChannel.COUNTER,
        maker.account,
        START,
        CaseState.SUBMITTED,
        written_by=frozenset({maker.account}),
    )
    accepted = case.accept(other, CALENDAR, TERM_DAYS, START)
    verified = accepted.see_original(third).see_original(other)
    for one in (maker, other, third):
        with pytest.raises(SecondPersonRequiredError):
            verified.approve(one, "", START)


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
        case.supplemented(Caller(MAKER, is_officer=False), CaseKind.RENEWAL, CALENDAR, START)
