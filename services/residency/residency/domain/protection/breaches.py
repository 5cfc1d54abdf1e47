"""Personal data breaches, from finding to closing (Law 91/2025/QH15 Art. 23).

suspected → open → closed, or dismissed while it is only suspected. The clock of the notice to the specialised authority
runs from the finding, also of what is only suspected, until the authority is told or it is decided not to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError, Vocabulary, Words
from chassis.rules import NOT_IN_THE_FUTURE, Rule


class BreachNotFoundError(DomainError):
    """No breach has this number."""

    reason = "BREACH_NOT_FOUND"


class BreachNotSettledError(DomainError):
    """The authority was neither told nor need it not be, or nothing was done against the breach."""

    reason = "BREACH_NOT_SETTLED"


class BreachOfOwnAccountError(DomainError):
    """Who is suspected may not let the breach go."""

    reason = "BREACH_OF_OWN_ACCOUNT"


class BreachState(StrEnum):
    """Where a breach stands."""

    SUSPECTED = "SUSPECTED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    DISMISSED = "DISMISSED"


class BreachSource(StrEnum):
    """How a breach was found."""

    REPORTED = "REPORTED"
    DECOY = "DECOY"


class BreachAct(StrEnum):
    """What can be done with a breach."""

    SUSPECT = "SUSPECT"
    SUSPECT_AGAIN = "SUSPECT_AGAIN"
    RECORD = "RECORD"
    ASSESS = "ASSESS"
    DISMISS = "DISMISS"
    NOTIFY = "NOTIFY"
    WAIVE = "WAIVE"
    MEASURE = "MEASURE"
    CLOSE = "CLOSE"


STATE_WORDS: Mapping[str, Words] = {
    BreachState.SUSPECTED: Words("nghi vấn", "only suspected"),
    BreachState.OPEN: Words("đang xử lý", "open"),
    BreachState.CLOSED: Words("đã kết thúc", "closed"),
    BreachState.DISMISSED: Words("đã loại trừ", "dismissed"),
}
ACT_WORDS: Mapping[str, Words] = {
    BreachAct.SUSPECT: Words("ghi nhận nghi vấn", "suspect it"),
    BreachAct.SUSPECT_AGAIN: Words("ghi nhận thêm nghi vấn", "suspect it again"),
    BreachAct.RECORD: Words("ghi nhận", "record it"),
    BreachAct.ASSESS: Words("đánh giá", "assess it"),
    BreachAct.DISMISS: Words("loại trừ", "dismiss it"),
    BreachAct.NOTIFY: Words(
        "ghi nhận đã thông báo cơ quan chuyên trách (chỉ một lần)",
        "note that the authority was told (which is done once)",
    ),
    BreachAct.WAIVE: Words(
        "quyết định không thông báo cơ quan chuyên trách", "decide not to tell the authority"
    ),
    BreachAct.MEASURE: Words("ghi biện pháp khắc phục", "note a measure"),
    BreachAct.CLOSE: Words("kết thúc", "close it"),
}


class BreachStateConflictError(DomainError):
    """The breach does not stand where this can be done."""

    reason = "BREACH_STATE_CONFLICT"
    vocabulary: ClassVar[Vocabulary] = {"state": STATE_WORDS, "act": ACT_WORDS}


class DataCategory(StrEnum):
    """Kind of personal data that a breach touches."""

    ID_NUMBER = "ID_NUMBER"
    NAME = "NAME"
    BIRTH = "BIRTH"
    RESIDENCE = "RESIDENCE"
    CONTACT = "CONTACT"
    FAMILY = "FAMILY"
    HEALTH = "HEALTH"
    CASE_FILE = "CASE_FILE"


# Who found a suspected breach, as people read it.
_PLATFORM = "hệ thống (hồ sơ bẫy)"
_S = BreachState
_MOVES: Mapping[BreachAct, Mapping[BreachState, BreachState]] = {
    BreachAct.SUSPECT_AGAIN: {_S.SUSPECTED: _S.SUSPECTED},
    BreachAct.ASSESS: {_S.SUSPECTED: _S.OPEN, _S.OPEN: _S.OPEN},
    BreachAct.DISMISS: {_S.SUSPECTED: _S.DISMISSED},
    BreachAct.NOTIFY: {_S.OPEN: _S.OPEN},
    BreachAct.WAIVE: {_S.OPEN: _S.OPEN},
    BreachAct.MEASURE: {_S.SUSPECTED: _S.SUSPECTED, _S.OPEN: _S.OPEN},
    BreachAct.CLOSE: {_S.OPEN: _S.CLOSED},
}
# What lets a breach go, so that nobody looks into it any longer or tells of it: also the word that the authority was
# told, which ends all reminders.
_LETS_GO = frozenset({BreachAct.DISMISS, BreachAct.NOTIFY, BreachAct.WAIVE, BreachAct.CLOSE})


@dataclass(frozen=True)
class BreachNature:
    """What is known of a breach: kinds of data, estimated counts (0 is not known), and words without personal data."""

    categories: tuple[DataCategory, ...]
    persons: int
    records: int
    description: str
    consequences: str

    def is_graver_than(self, before: Self) -> bool:
        """Tell whether more is known to be affected: another kind of data, more persons or more records."""
        more = self.persons > before.persons or self.records > before.records
        return more or not set(self.categories) <= set(before.categories)


@dataclass(frozen=True)
class NotificationTerm:
    """Within which time the authority is told, and how long before its end this is due soon."""

    within: timedelta
    soon: timedelta


@dataclass(frozen=True)
class Breach:
    """A breach. Texts are empty and times None where nobody did so yet; `recorded_by` is empty for the platform.

    `alert_at` is when the running clock is told of next; None once it was told that the time is over, or the clock
    stopped.
    """

    breach_id: UUID
    breach_number: str
    ward_code: str
    state: BreachState
    source: BreachSource
    found_at: datetime
    found_by: str
    recorded_at: datetime
    recorded_by: str
    notify_by: datetime
    alert_at: datetime | None
    suspect: str = ""
    nature: BreachNature | None = None
    measures: int = 0
    notified_at: datetime | None = None
    authority_reference: str = ""
    waived_at: datetime | None = None

    @property
    def clock_runs(self) -> bool:
        """Tell whether the authority is still to be told, or it to be decided that it need not be."""
        stands = self.state in {_S.CLOSED, _S.DISMISSED} or self.notified_at or self.waived_at
        return not stands

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether the authority should have been told by now."""
        return self.clock_runs and now >= self.notify_by

    def is_due_soon(self, now: datetime, term: NotificationTerm) -> bool:
        """Tell whether the authority is to be told soon."""
        return self.clock_runs and self.notify_by - term.soon <= now < self.notify_by

    def check_decidable(self, act: BreachAct, account: str) -> None:
        """Raise BreachOfOwnAccountError where the suspected account would let the breach go."""
        if act in _LETS_GO and account == self.suspect:
            raise BreachOfOwnAccountError

    def suspect_again(self) -> Self:
        """Note that the same account gave rise to the suspicion once more."""
        return self._moved(BreachAct.SUSPECT_AGAIN)

    def assess(self, nature: BreachNature, term: NotificationTerm, now: datetime) -> Self:
        """State what is known by now; what was only suspected is thereby confirmed.

        What turns out graver than it was when it was decided not to tell the authority is to be decided anew: its clock
        starts with this finding.
        """
        assessed = replace(self._moved(BreachAct.ASSESS), nature=nature)
        graver = self.nature is None or nature.is_graver_than(self.nature)
        if not (self.waived_at and graver) or self.notified_at:
            return assessed
        notify_by = now + term.within
        return replace(
            assessed, waived_at=None, notify_by=notify_by, alert_at=notify_by - term.soon
        )

    def dismiss(self) -> Self:
        """Find that it was none."""
        return replace(self._moved(BreachAct.DISMISS), alert_at=None)

    def notify(self, notified_at: datetime, reference: str, now: datetime) -> Self:
        """Note that the authority was told; raises FieldInvalidError for a time that cannot be."""
        moved = self._moved(BreachAct.NOTIFY)
        if self.notified_at:
            raise self._conflict(BreachAct.NOTIFY)
        if not self.found_at <= notified_at <= now:
            raise FieldInvalidError(
                "notified_at",
                Rule(
                    "sau lúc phát hiện và không ở tương lai",
                    "after the finding and not in the future",
                ),
            )
        return replace(
            moved, notified_at=notified_at, authority_reference=reference, alert_at=None
        )

    def waive(self, now: datetime) -> Self:
        """Decide not to tell the authority."""
        moved = self._moved(BreachAct.WAIVE)
        if not self.clock_runs:
            raise self._conflict(BreachAct.WAIVE)
        return replace(moved, waived_at=now, alert_at=None)

    def take_measure(self) -> Self:
        """Note that something was done against it."""
        return replace(self._moved(BreachAct.MEASURE), measures=self.measures + 1)

    def close(self) -> Self:
        """End it; raises BreachNotSettledError while something is missing."""
        moved = self._moved(BreachAct.CLOSE)
        if self.clock_runs or not self.measures:
            raise BreachNotSettledError
        return moved

    def alert(self, now: datetime) -> tuple[Self, bool]:
        """Plan when its clock is told of after now; tell with it whether the time is over."""
        overdue = now >= self.notify_by
        return replace(self, alert_at=None if overdue else self.notify_by), overdue

    def _moved(self, act: BreachAct) -> Self:
        moved = _MOVES[act].get(self.state)
        if moved is None:
            raise self._conflict(act)
        return replace(self, state=moved)

    def _conflict(self, act: BreachAct) -> BreachStateConflictError:
        return BreachStateConflictError(state=self.state, act=act)


@dataclass(frozen=True)
class BreachFinding:
    """A breach as somebody tells of it: when it was found, by which function, and what is known."""

    found_at: datetime
    found_by: str
    nature: BreachNature


@dataclass(frozen=True)
class BreachIdentity:
    """What a new breach is called."""

    breach_id: UUID
    breach_number: str
    ward_code: str


def record(
    called: BreachIdentity,
    finding: BreachFinding,
    account: str,
    term: NotificationTerm,
    now: datetime,
) -> Breach:
    """Record a breach that somebody found; raises FieldInvalidError for a finding in the future."""
    if finding.found_at > now:
        raise FieldInvalidError("found_at", NOT_IN_THE_FUTURE)
    return Breach(
        **vars(called),
        state=BreachState.OPEN,
        source=BreachSource.REPORTED,
        found_at=finding.found_at,
        found_by=finding.found_by,
        recorded_at=now,
        recorded_by=account,
        notify_by=finding.found_at + term.within,
        alert_at=finding.found_at + term.within - term.soon,
        nature=finding.nature,
    )


def suspect(called: BreachIdentity, account: str, term: NotificationTerm, now: datetime) -> Breach:
    """Suspect a breach because an account looked at a decoy."""
    return Breach(
        **vars(called),
        state=BreachState.SUSPECTED,
        source=BreachSource.DECOY,
        found_at=now,
        found_by=_PLATFORM,
        recorded_at=now,
        recorded_by="",
        notify_by=now + term.within,
        alert_at=now + term.within - term.soon,
        suspect=account,
    )


@dataclass(frozen=True)
class BreachEntry:
    """What was done with a breach; `account` is empty for the platform, `note` where nothing was written."""

    at: datetime
    act: BreachAct
    account: str
    note: str


@dataclass(frozen=True)
class WholeBreach:
    """A breach with what was done, oldest first."""

    breach: Breach
    history: Sequence[BreachEntry]


@dataclass(frozen=True)
class BreachFilter:
    """Which breaches to list."""

    state: BreachState | None = None
    due_soon: bool = False
    overdue: bool = False


@dataclass(frozen=True)
class BreachPosition:
    """Where a page of breaches begins: after this one."""

    found_at: datetime
    breach_id: UUID


@dataclass(frozen=True)
class BreachFigures:
    """How many breaches are not over, and of how many the authority should have been told by now."""

    open: int
    overdue: int
