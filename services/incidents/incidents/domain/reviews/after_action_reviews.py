"""After-action reviews (rút kinh nghiệm): what is learnt from an incident, and what is done about it by when."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_day, ward_time
from chassis.errors import DomainError
from incidents.domain.reviews.periods import end_of

_DAY = timedelta(days=1)


class AfterActionReviewNotFoundError(DomainError):
    """Nobody has reviewed the incident."""

    reason = "AFTER_ACTION_REVIEW_NOT_FOUND"


class AfterActionReviewRevisedError(DomainError):
    """The review has another newest revision than the one to be replaced."""

    reason = "AFTER_ACTION_REVIEW_REVISED"


class ReviewActionNotFoundError(DomainError):
    """There is no such action."""

    reason = "REVIEW_ACTION_NOT_FOUND"


class ReviewActionOfAnotherError(DomainError):
    """Neither its owner nor whoever gave it asks."""

    reason = "REVIEW_ACTION_OF_ANOTHER"


class ReviewActionEndedError(DomainError):
    """The action has ended."""

    reason = "REVIEW_ACTION_ENDED"


class ReviewActionState(StrEnum):
    """Where an action stands."""

    OPEN = "OPEN"
    DONE = "DONE"
    DROPPED = "DROPPED"


@dataclass(frozen=True)
class AfterActionReview:
    """A revision of the review of an incident; participants are accounts of officers."""

    incident_id: UUID
    revision: int
    happened: str
    went_well: str
    went_badly: str
    participants: tuple[str, ...]
    written_by: str
    written_at: datetime


@dataclass(frozen=True)
class ReviewAction:
    """Something to be done by the end of a day; `owner` does it, and like `given_by` is an account.

    `remind_at` is when it is told next that it is due: first some working days before, then once the day is past.
    """

    action_id: UUID
    incident_id: UUID
    owner: str
    action: str
    due_on: date
    given_by: str
    given_at: datetime
    state: ReviewActionState = ReviewActionState.OPEN
    result: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None
    remind_at: datetime | None = None

    def ended(
        self, state: ReviewActionState, result: str, account: str, now: datetime
    ) -> "ReviewAction":
        """End it; raises ReviewActionOfAnotherError or ReviewActionEndedError."""
        if account not in {self.owner, self.given_by}:
            raise ReviewActionOfAnotherError
        if self.state is not ReviewActionState.OPEN:
            raise ReviewActionEndedError
        return replace(
            self, state=state, result=result, ended_by=account, ended_at=now, remind_at=None
        )

    def overdue(self, now: datetime) -> bool:
        """Tell whether its day is past and it is open."""
        return self.state is ReviewActionState.OPEN and self.due_on < ward_day(now)

    def is_to_remind(self, now: datetime) -> bool:
        """Tell whether it is time to tell that it is due."""
        return self.remind_at is not None and self.remind_at <= now

    def reminded(self, now: datetime) -> "ReviewAction":
        """Say that it was told; what is overdue is told no more."""
        return replace(self, remind_at=None if self.overdue(now) else end_of(self.due_on))


def first_reminder(
    due_on: date, working_days: int, calendar: WorkingCalendar, now: datetime
) -> datetime:
    """Tell when it is first told that something is due: so many working days before its day, or once that is past."""
    day, left = due_on, working_days
    while left:
        day -= _DAY
        left -= calendar.is_working(day)
    soon = ward_time(day)
    return soon if soon > now else end_of(due_on)


@dataclass(frozen=True)
class _Asked:
    """A write of one account; `request_id` is its idempotency key and `digest` tells a repeat from a reuse."""

    account: str
    request_id: str
    digest: bytes


@dataclass(frozen=True)
class ReviewWanted(_Asked):
    """Writing a review; `revises` is the revision that it replaces, 0 for the first."""

    incident_id: UUID
    revises: int
    happened: str
    went_well: str
    went_badly: str
    participants: tuple[str, ...]


@dataclass(frozen=True)
class ReviewActionWanted(_Asked):
    """Giving an action; without a day the term in force counts."""

    incident_id: UUID
    owner: str
    action: str
    due_on: date | None


@dataclass(frozen=True)
class ReviewActionEnd(_Asked):
    """Ending an action."""

    action_id: UUID
    state: ReviewActionState
    result: str


@dataclass(frozen=True)
class ReviewActionListing:
    """A page of open actions, the earliest due first, after the one with a day and an id; no owner is everybody."""

    overdue_only: bool
    owner: str
    size: int
    after: tuple[date, UUID] | None
