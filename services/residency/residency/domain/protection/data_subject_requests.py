"""Requests of data subjects: their kinds, terms and course (Law 91/2025/QH15 Art. 4, Decree 356/2025/NĐ-CP Art. 5).

received → verified → answered; refused from either, withdrawn until it is decided. The term runs from the day of
reception, whoever is to be verified; it can be extended once, before it is over.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_day
from chassis.errors import DomainError, Vocabulary, Words
from residency.domain.cases.machine import SecondPersonRequiredError
from residency.domain.persons.citizens import Citizen
from residency.domain.persons.partial_date import months_later

# How a source says, to the ward, that no law was found to say so: nothing that the person who asked could read.
_UNCONFIRMED = re.compile(r" \[own[^]]*\]")


class DataSubjectRequestNotFoundError(DomainError):
    """No request has this number."""

    reason = "DATA_SUBJECT_REQUEST_NOT_FOUND"


class DataSubjectVerificationLapsedError(DomainError):
    """Who asks was verified so long ago that they have to be verified anew before any data is given."""

    reason = "DATA_SUBJECT_VERIFICATION_LAPSED"


class RestrictionNotFoundError(DomainError):
    """No restriction of this request stands."""

    reason = "RESTRICTION_NOT_FOUND"


class RequestKind(StrEnum):
    """What is asked for."""

    VIEW = "VIEW"
    CORRECT = "CORRECT"
    RESTRICT = "RESTRICT"
    OBJECT = "OBJECT"
    WITHDRAW_CONSENT = "WITHDRAW_CONSENT"
    DELETE = "DELETE"


class RequestState(StrEnum):
    """Where a request stands."""

    RECEIVED = "RECEIVED"
    VERIFIED = "VERIFIED"
    ANSWERED = "ANSWERED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class RequestAct(StrEnum):
    """What can be done with a request."""

    RECEIVE = "RECEIVE"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    VERIFY = "VERIFY"
    EXTEND = "EXTEND"
    ANSWER = "ANSWER"
    REFUSE = "REFUSE"
    WITHDRAW = "WITHDRAW"
    LIFT = "LIFT"


# No move, and so no act of the history.
_EXPORT = "EXPORT"
STATE_WORDS: Mapping[str, Words] = {
    RequestState.RECEIVED: Words("đã nhận", "received"),
    RequestState.VERIFIED: Words("đã xác minh", "verified"),
    RequestState.ANSWERED: Words("đã trả lời", "answered"),
    RequestState.REFUSED: Words("đã từ chối", "refused"),
    RequestState.WITHDRAWN: Words("đã rút", "withdrawn"),
}
ACT_WORDS: Mapping[str, Words] = {
    RequestAct.RECEIVE: Words("nhận", "receive it"),
    RequestAct.ACKNOWLEDGE: Words(
        "báo đã nhận (chỉ một lần)", "acknowledge it (which is done once)"
    ),
    RequestAct.VERIFY: Words("xác minh", "verify it"),
    RequestAct.EXTEND: Words(
        "gia hạn (chỉ một lần, trước khi hết hạn)", "extend its term (once, and before it is over)"
    ),
    RequestAct.ANSWER: Words("trả lời", "answer it"),
    RequestAct.REFUSE: Words("từ chối", "refuse it"),
    RequestAct.WITHDRAW: Words("rút", "withdraw it"),
    RequestAct.LIFT: Words("gỡ hạn chế xử lý", "lift its restriction"),
    _EXPORT: Words(
        "xuất dữ liệu (chỉ cho yêu cầu xem, đã xác minh; sau ngày đến hạn, xác minh và trả lời chỉ"
        " thêm một khoảng bằng thời hạn)",
        "export data (for a request to view, once it is verified; after it is due, verified and"
        " answered only for as long again as its term)",
    ),
}


class DataSubjectRequestStateConflictError(DomainError):
    """The request does not stand where this can be done."""

    reason = "DATA_SUBJECT_REQUEST_STATE_CONFLICT"
    vocabulary: ClassVar[Vocabulary] = {"state": STATE_WORDS, "act": ACT_WORDS}


class RequestRefusalGround(StrEnum):
    """Why a request is refused."""

    NOT_VERIFIED = "NOT_VERIFIED"
    REQUIRED_BY_LAW = "REQUIRED_BY_LAW"
    NOTHING_HELD = "NOTHING_HELD"
    RIGHTS_OF_OTHERS = "RIGHTS_OF_OTHERS"


_S = RequestState
OPEN_STATES = frozenset({_S.RECEIVED, _S.VERIFIED})
_STAYS: Mapping[RequestState, RequestState] = {state: state for state in OPEN_STATES}
_MOVES: Mapping[RequestAct, Mapping[RequestState, RequestState]] = {
    RequestAct.ACKNOWLEDGE: _STAYS,
    RequestAct.VERIFY: {_S.RECEIVED: _S.VERIFIED},
    RequestAct.EXTEND: _STAYS,
    RequestAct.ANSWER: {_S.VERIFIED: _S.ANSWERED},
    RequestAct.REFUSE: dict.fromkeys(OPEN_STATES, _S.REFUSED),
    RequestAct.WITHDRAW: dict.fromkeys(OPEN_STATES, _S.WITHDRAWN),
}
# What changes how a person's data is treated needs a second person.
_SECOND_PERSON = frozenset({RequestKind.RESTRICT, RequestKind.DELETE})


@dataclass(frozen=True)
class RequestTerms:
    """The terms in force: by which days it is acknowledged and answered, and the days of an extension."""

    acknowledge_by: date
    due_on: date
    extension_days: int


@dataclass(frozen=True)
class DataSubjectRequest:
    """A request without what was written in it. Accounts are empty and times None where nobody did so yet.

    `subject` is the pseudonym by which access records name the person, `person_id` None where the person is not on the
    register.
    """

    request_uuid: UUID
    request_number: str
    ward_code: str
    kind: RequestKind
    through_processor: bool
    subject: str
    person_id: UUID | None
    received_at: datetime
    received_by: str
    acknowledge_by: date
    due_on: date
    extension_days: int
    state: RequestState = RequestState.RECEIVED
    acknowledged_at: datetime | None = None
    verified_by: str = ""
    verified_at: datetime | None = None
    extended: bool = False
    decided_by: str = ""
    decided_at: datetime | None = None
    refusal_ground: RequestRefusalGround | None = None
    # The case by which a correction is entered; empty where there is none.
    case_number: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to be answered."""
        return self.state in OPEN_STATES

    def is_overdue(self, today: date) -> bool:
        """Tell whether it should have been answered by now."""
        return self.is_open and today > self.due_on

    def is_due_soon(self, today: date, soon_days: int) -> bool:
        """Tell whether it is to be answered within so many days."""
        return self.is_open and today <= self.due_on <= today + timedelta(days=soon_days)

    @property
    def serves_until(self) -> date:
        """The last day on which data is given for it: when it is due, verified and answered, and as long again."""
        steps = [ward_day(at) for at in (self.verified_at, self.decided_at) if at]
        term = self.due_on - ward_day(self.received_at)
        return max([self.due_on, *steps]) + term

    def has_lapsed(self, today: date) -> bool:
        """Tell whether a request to view was verified, and left, until it served no more.

        It is answered all the same, since no term ends what a person may ask for, but not by one officer alone who
        found it years after.
        """
        is_left = self.kind is RequestKind.VIEW and self.state is _S.VERIFIED
        return is_left and today > self.serves_until

    def acknowledge(self, now: datetime) -> Self:
        """Note that the person was told that it has come, once."""
        moved = self._moved(RequestAct.ACKNOWLEDGE)
        if self.acknowledged_at:
            raise self._conflict(RequestAct.ACKNOWLEDGE)
        return replace(moved, acknowledged_at=now)

    def verify(self, account: str, now: datetime) -> Self:
        """Note that it comes from the person it is about, once, or anew where that has lapsed."""
        moved = self if self.has_lapsed(ward_day(now)) else self._moved(RequestAct.VERIFY)
        return replace(moved, verified_by=account, verified_at=now)

    def extend(self, calendar: WorkingCalendar, now: datetime) -> Self:
        """Extend the term, once and before it is over."""
        moved = self._moved(RequestAct.EXTEND)
        if self.extended or self.is_overdue(ward_day(now)):
            raise self._conflict(RequestAct.EXTEND)
        due_on = calendar.ending(self.due_on + timedelta(days=self.extension_days))
        return replace(moved, extended=True, due_on=due_on)

    def answer(self, account: str, now: datetime) -> Self:
        """Grant it.

        Raises DataSubjectVerificationLapsedError, or SecondPersonRequiredError for who received or verified it.
        """
        moved = self._moved(RequestAct.ANSWER)
        self._check_verification(ward_day(now))
        if self.kind in _SECOND_PERSON and account in {self.received_by, self.verified_by}:
            raise SecondPersonRequiredError
        return replace(moved, decided_by=account, decided_at=now)

    def refuse(self, account: str, ground: RequestRefusalGround, now: datetime) -> Self:
        """Refuse it."""
        moved = self._moved(RequestAct.REFUSE)
        return replace(moved, decided_by=account, decided_at=now, refusal_ground=ground)

    def withdraw(self) -> Self:
        """Take it back."""
        return self._moved(RequestAct.WITHDRAW)

    def check_exportable(self, account: str, today: date) -> None:
        """Let data be given only for a request to view that somebody else found to be the person's own.

        Otherwise one officer alone could make up a request and take everything that is held of anybody. A
        request serves its purpose for a while: also where it is answered late, but who asked once is not to be read out
        for ever. Raises DataSubjectVerificationLapsedError, DataSubjectRequestStateConflictError, or
        SecondPersonRequiredError for who verified it.
        """
        self._check_verification(today)
        serves = self.state in {_S.VERIFIED, _S.ANSWERED} and today <= self.serves_until
        if self.kind is not RequestKind.VIEW or not serves:
            raise DataSubjectRequestStateConflictError(state=self.state, act=_EXPORT)
        if account == self.verified_by:
            raise SecondPersonRequiredError

    def _check_verification(self, today: date) -> None:
        if self.has_lapsed(today):
            raise DataSubjectVerificationLapsedError

    def _moved(self, act: RequestAct) -> Self:
        moved = _MOVES[act].get(self.state)
        if moved is None:
            raise self._conflict(act)
        return replace(self, state=moved)

    def _conflict(self, act: RequestAct) -> DataSubjectRequestStateConflictError:
        return DataSubjectRequestStateConflictError(state=self.state, act=act)


@dataclass(frozen=True)
class RequestEntry:
    """What was done with a request and written then, by which account."""

    at: datetime
    act: RequestAct
    account: str
    note: str


@dataclass(frozen=True)
class WholeRequest:
    """A request with what was done, oldest first, and whether a restriction that it brought about stands."""

    request: DataSubjectRequest
    history: Sequence[RequestEntry]
    restriction_stands: bool


class DataClass(StrEnum):
    """What is held of persons, as far as it can be deleted; of other classes only the law is told that keeps them."""

    CONTACT = "CONTACT"
    ASSISTANCE_CONSENTED = "ASSISTANCE_CONSENTED"
    ASSISTANCE_REQUIRED = "ASSISTANCE_REQUIRED"
    STAY = "STAY"
    ABSENCE = "ABSENCE"
    # Deleted when their time is over, whoever asks.
    DRAFT_CASE = "DRAFT_CASE"
    WITHDRAWN_CASE = "WITHDRAWN_CASE"


@dataclass(frozen=True)
class RetentionRule:
    """Whether a class of data is kept although it is asked to be deleted, how many months after its end, by which law.

    `kept_months` is None where the class is kept for good, or not at all.
    """

    data_class: str
    kept: bool
    kept_months: int | None
    name_vi: str
    source: str

    def over_by(self, today: date) -> date | None:
        """Tell by which day an entry must have ended to be kept no longer; None where no end is waited for."""
        return None if self.kept_months is None else months_later(today, -self.kept_months)

    @property
    def told(self) -> str:
        """The class, how long it is kept and by which law, in Vietnamese."""
        until = f" (đến {self.kept_months} tháng sau khi kết thúc)" if self.kept_months else ""
        return f"{self.name_vi}{until}: {_UNCONFIRMED.sub('', self.source)}"


def consent_told(answer: str, ended: int) -> str:
    """Add to an answer how many needs of assistance, kept on no law, have ended with the consent."""
    if not ended:
        return f"{answer}\nKhông có dữ liệu nào được lưu giữ chỉ theo sự đồng ý."
    return f"{answer}\nĐã chấm dứt {ended} nhu cầu hỗ trợ được lưu giữ theo sự đồng ý."


def correction_told(answer: str, case_number: str) -> str:
    """Add to an answer by which case the correction is entered."""
    return f"{answer}\nViệc chỉnh sửa được giải quyết theo hồ sơ {case_number}."


def deletion_told(answer: str, deleted: Sequence[str], kept: Sequence[RetentionRule]) -> str:
    """Add to an answer what was deleted, and what is kept by which law."""
    lines = [answer, f"Đã xóa: {', '.join(deleted) if deleted else 'không có dữ liệu nào'}."]
    if kept:
        lines.append("Vẫn lưu giữ theo quy định của pháp luật:")
        lines += [f"- {rule.told}" for rule in kept]
    return "\n".join(lines)


@dataclass(frozen=True)
class RequestFilter:
    """Which requests to list."""

    kind: RequestKind | None = None
    state: RequestState | None = None
    due_soon: bool = False
    overdue: bool = False
    unacknowledged: bool = False
    # Whose own they are; anybody's if there is nobody.
    citizen: Citizen | None = None


@dataclass(frozen=True)
class RequestPosition:
    """Where a page of requests begins: after this one."""

    received_at: datetime
    request_uuid: UUID


@dataclass(frozen=True)
class RequestFigures:
    """How many requests are open, and how many of them should have been answered by now."""

    open: int
    overdue: int
