"""Reviews of broken glass: whether names were rightly asked for, judged by somebody else than who asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError
from residency.domain.protection.break_glass import BreakGlass


class ReviewNotFoundError(DomainError):
    """No review has this id."""

    reason = "REVIEW_NOT_FOUND"


class ReviewAlreadyDecidedError(DomainError):
    """The review has ended."""

    reason = "REVIEW_ALREADY_DECIDED"


class ReviewOfOwnActError(DomainError):
    """Who broke the glass may not judge it."""

    reason = "REVIEW_OF_OWN_ACT"


class ReviewVerdict(StrEnum):
    """What a review finds; with NEEDS_FOLLOW_UP it waits on."""

    JUSTIFIED = "JUSTIFIED"
    NOT_JUSTIFIED = "NOT_JUSTIFIED"
    NEEDS_FOLLOW_UP = "NEEDS_FOLLOW_UP"

    @property
    def is_final(self) -> bool:
        """Tell whether the verdict ends the review."""
        return self is not ReviewVerdict.NEEDS_FOLLOW_UP


@dataclass(frozen=True)
class ReviewDecision:
    """One decision: what was found and why, by which account."""

    verdict: ReviewVerdict
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True)
class Review:
    """A breaking of the glass with what was decided about it, oldest first."""

    broken: BreakGlass
    decisions: tuple[ReviewDecision, ...] = ()

    @property
    def is_pending(self) -> bool:
        """Tell whether it waits, and so keeps its officer from breaking the glass again."""
        return not any(one.verdict.is_final for one in self.decisions)

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether it waits longer than it should."""
        return self.is_pending and now >= self.broken.due_at

    def check_decidable(self, account: str) -> None:
        """Raise ReviewOfOwnActError or ReviewAlreadyDecidedError where the account may not decide it now."""
        if account == self.broken.officer:
            raise ReviewOfOwnActError
        if not self.is_pending:
            raise ReviewAlreadyDecidedError


@dataclass(frozen=True)
class ReviewFilter:
    """Which reviews to list; `officer` is an account, empty for all."""

    pending: bool = False
    overdue: bool = False
    officer: str = ""


@dataclass(frozen=True)
class ReviewPosition:
    """Where a page of reviews begins: after this one."""

    opened_at: datetime
    review_id: UUID


@dataclass(frozen=True)
class ReviewFigures:
    """How many reviews wait, and how many of them longer than they should."""

    pending: int
    overdue: int
