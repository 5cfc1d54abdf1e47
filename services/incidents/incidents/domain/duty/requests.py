"""What officers ask to be entered in the roster, checked."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from incidents.domain.duty.roster import Contact, DutyFunction, Shift, Unit


@dataclass(frozen=True)
class RosterWrite:
    """A write of one account; `request_id` is its idempotency key and `digest` tells a repeat from a reuse."""

    account: str
    request_id: str
    digest: bytes


@dataclass(frozen=True)
class UnitWanted(RosterWrite):
    """Entering a unit."""

    unit: Unit


@dataclass(frozen=True)
class OfficerWanted(RosterWrite):
    """Entering an officer and how they are reached."""

    officer: str
    unit_code: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class ShiftWanted(RosterWrite):
    """Entering a shift."""

    shift: Shift


@dataclass(frozen=True)
class DutyWanted(RosterWrite):
    """Entering a duty."""

    function: DutyFunction
    officer: str
    begins_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class DutyWithdrawn(RosterWrite):
    """Taking a duty out."""

    duty_id: UUID


@dataclass(frozen=True)
class SubstitutionWanted(RosterWrite):
    """Entering a substitution."""

    officer: str
    substitute: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class RosterProblem:
    """What is wrong with a row of a table; row 0 is the whole file, without a column the whole row."""

    row: int
    column: str
    vi: str
    en: str


@dataclass(frozen=True)
class RosterRow:
    """One row of a table: a shift of a day, by its code."""

    number: int
    day: date
    shift_code: str
    function: DutyFunction
    officer: str


@dataclass(frozen=True)
class RosterTable(RosterWrite):
    """A table of duties, as far as it can be read."""

    rows: tuple[RosterRow, ...]
    problems: tuple[RosterProblem, ...]
    dry_run: bool


@dataclass(frozen=True)
class Imported:
    """What a table did, or would do."""

    entered: int
    unchanged: int
    problems: tuple[RosterProblem, ...] = ()


@dataclass(frozen=True)
class ShiftHandoverWanted(RosterWrite):
    """Handing a shift over."""

    notes: str


@dataclass(frozen=True)
class ShiftHandoverSigned(RosterWrite):
    """Taking a shift over."""

    shift_handover_id: UUID
