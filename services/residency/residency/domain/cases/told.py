"""What is told of cases: one as a whole with its history, pages of many, and figures."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from residency.domain.cases.declarations import CaseKind, ResidenceDeclaration
from residency.domain.cases.machine import Case
from residency.domain.cases.states import CaseAct, CaseState


@dataclass(frozen=True)
class HistoryEntry:
    """What was done with a case, where it stood then and by which day it was due.

    `account` is empty for the service itself, `note` where nothing was written.
    """

    at: datetime
    act: CaseAct
    state: CaseState
    due_on: date | None
    account: str
    note: str


@dataclass(frozen=True)
class WholeCase:
    """A case with what it holds of persons, what was done, and which registrations it entered."""

    case: Case
    declaration: ResidenceDeclaration
    history: tuple[HistoryEntry, ...]
    registrations: tuple[UUID, ...]


@dataclass(frozen=True)
class CaseFilter:
    """Which cases to list: of this state and kind if they are said, of one account only if that is said."""

    account: str = ""
    state: CaseState | None = None
    kind: CaseKind | None = None
    overdue: bool = False
    due_soon: bool = False


@dataclass(frozen=True)
class CasePosition:
    """Where a page of cases begins: after this one."""

    created_at: datetime
    case_id: UUID


@dataclass(frozen=True)
class CaseFigures:
    """Figures of one kind of case: what is open now, and what was handed in and decided this year.

    `timed` are decided cases that had a due day, `in_time` those decided by it.
    """

    open: int
    overdue: int
    submitted: int
    electronic: int
    timed: int
    in_time: int


def share(part: int, whole: int) -> float:
    """Tell a share; not a number where there is nothing to share."""
    return part / whole if whole else math.nan
