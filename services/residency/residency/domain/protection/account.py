"""The account of accesses, as its officer asks about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.account.access_chain import AccessRecord, Head


@dataclass(frozen=True)
class Named:
    """A name that the account knows a person by, and while it was theirs, both instants included; None is no bound."""

    subject: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Names:
    """By what names the account knows one person: one for each number, now or before.

    What a name says is not theirs while it was `anothers`, who stood under the number by mistake.
    """

    theirs: Sequence[Named]
    anothers: Sequence[Named] = ()


@dataclass(frozen=True)
class AccessFilter:
    """Which accesses are asked for; what is empty or None lets all through. `until` is excluded.

    `subject` is the name of what was looked at, `person` who was looked at under any name.
    """

    account: str = ""
    purpose: str = ""
    reference: str = ""
    outcome: str = ""
    subject: str = ""
    person: Names | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AccountedAccess:
    """An access and its place in the chain."""

    position: int
    record: AccessRecord


@dataclass(frozen=True)
class Mark:
    """A position of the chain that something was done at."""

    position: int
    marked_at: datetime


@dataclass(frozen=True)
class AccountStatus:
    """How far the chain goes, behind which position records are kept, and up to where it was verified last.

    Where no record is left, the head is where the chain begins.
    """

    head: Head
    kept_after: int
    verified: Mark | None
