"""The roster: who is on duty when, who stands in for whom, and when too few are there."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from chassis.clock import ward_time
from chassis.errors import DomainError
from incidents.domain.rules.escalation import Recipient


class UnitNotFoundError(DomainError):
    """The roster has no such unit."""

    reason = "UNIT_NOT_FOUND"


class OfficerNotFoundError(DomainError):
    """The roster has no such officer."""

    reason = "OFFICER_NOT_FOUND"


class DutyEnteredOtherwiseError(DomainError):
    """The officer has the function from that time on already, to another end."""

    reason = "DUTY_ENTERED_OTHERWISE"


class DutyNotFoundError(DomainError):
    """There is no such duty, or it was withdrawn."""

    reason = "DUTY_NOT_FOUND"


class DutyFunction(StrEnum):
    """A function that officers have on duty."""

    DUTY_OFFICER = "DUTY_OFFICER"
    DEPUTY_DUTY_OFFICER = "DEPUTY_DUTY_OFFICER"
    FIRE_OFFICER = "FIRE_OFFICER"
    RESPONDER = "RESPONDER"
    WARD_EXECUTIVE = "WARD_EXECUTIVE"


class ContactChannel(StrEnum):
    """How an officer is reached."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    TELEGRAM = "TELEGRAM"
    ZALO = "ZALO"


# Which function a step of a ladder means; premises' contacts and mutual-aid groups have none.
FUNCTION_OF: Mapping[Recipient, DutyFunction] = {
    Recipient.DUTY_OFFICER: DutyFunction.DUTY_OFFICER,
    Recipient.DEPUTY_DUTY_OFFICER: DutyFunction.DEPUTY_DUTY_OFFICER,
    Recipient.FIRE_OFFICER: DutyFunction.FIRE_OFFICER,
    Recipient.RESPONDER: DutyFunction.RESPONDER,
    Recipient.WARD_EXECUTIVE: DutyFunction.WARD_EXECUTIVE,
}


@dataclass(frozen=True)
class Contact:
    """One way to reach an officer; it is personal data and lies sealed."""

    channel: ContactChannel
    address: str


@dataclass(frozen=True)
class Unit:
    """A unit (đơn vị)."""

    code: str
    name: str


@dataclass(frozen=True)
class Officer:
    """An officer: an account, told by the subject of its token, in a unit. `channels` says how, never where."""

    account: str
    unit_code: str
    channels: tuple[ContactChannel, ...] = ()


@dataclass(frozen=True)
class Shift:
    """A shift (ca trực): `begins` after midnight of the ward's day, and lasts, past midnight too."""

    code: str
    name: str
    begins: timedelta
    lasts: timedelta

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Tell from when to when it is on a day."""
        begins_at = ward_time(day) + self.begins
        return begins_at, begins_at + self.lasts


DutyKey = tuple[DutyFunction, str, datetime]


@dataclass(frozen=True)
class Duty:
    """That an officer has a function for a time; without an end until further notice."""

    duty_id: UUID
    function: DutyFunction
    account: str
    begins_at: datetime
    ends_at: datetime | None
    shift_code: str = ""

    @property
    def key(self) -> DutyKey:
        """Tell what only one duty says: who has which function from when on."""
        return self.function, self.account, self.begins_at

    def covers(self, at: datetime) -> bool:
        """Tell whether it holds at a time: from its beginning on, no longer at its end."""
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True)
class Substitution:
    """That an officer stands in for another one, in all functions, for a time."""

    substitution_id: UUID
    account: str
    substitute: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Requirement:
    """How many must have a function at any time, with its source."""

    function: DutyFunction
    at_least: int
    source: str


@dataclass(frozen=True)
class OnDuty:
    """That an officer is on duty by an entry of the roster, in their own place or another's."""

    duty: Duty
    account: str
    substitute_for: str = ""


@dataclass(frozen=True)
class Gap:
    """A time in which fewer have a function than required."""

    function: DutyFunction
    begins_at: datetime
    ends_at: datetime
    there: int
    required: Requirement


@dataclass(frozen=True)
class Roster:
    """What holds of the roster around a time; of several substitutions of an officer the last of them holds."""

    duties: Collection[Duty]
    substitutions: Collection[Substitution] = field(default=())

    def at(self, at: datetime) -> tuple[OnDuty, ...]:
        """Tell who is on duty at a time, in order of function and account."""
        taken = {
            one.account: one.substitute
            for one in self.substitutions
            if one.begins_at <= at < one.ends_at
        }
        there = [_standing(duty, taken) for duty in self.duties if duty.covers(at)]
        order = list(DutyFunction)
        return tuple(sorted(there, key=lambda one: (order.index(one.duty.function), one.account)))

    def reached(self, recipients: Iterable[Recipient], at: datetime) -> dict[Recipient, list[str]]:
        """Tell the accounts that each recipient of a step means at a time, each account once.

        Where nobody has a function, the ward executive stands in; empty if nobody has that either.
        """
        on_duty = self.at(at)
        told: set[str] = set()
        reached: dict[Recipient, list[str]] = {}
        for recipient in recipients:
            accounts = _accounts(on_duty, recipient)
            reached[recipient] = [one for one in accounts if one not in told]
            told.update(accounts)
        return reached

    def gaps(
        self, requirements: Iterable[Requirement], begins_at: datetime, ends_at: datetime
    ) -> list[Gap]:
        """Tell the times in a period in which too few have a function, in order of time."""
        gaps = [
            gap
            for required in requirements
            for gap in _merged(self._short(required, begins_at, ends_at))
        ]
        return sorted(gaps, key=lambda gap: (gap.begins_at, gap.function))

    def _short(
        self, required: Requirement, begins_at: datetime, ends_at: datetime
    ) -> Iterator[Gap]:
        """Look at each stretch in which nothing changes."""
        changes = {begins_at, ends_at}
        changes |= {
            moment for one in self.duties for moment in (one.begins_at, one.ends_at) if moment
        }
        changes |= {
            moment for one in self.substitutions for moment in (one.begins_at, one.ends_at)
        }
        moments = sorted(one for one in changes if begins_at <= one <= ends_at)
        for since, until in pairwise(moments):
            there = {
                one.account for one in self.at(since) if one.duty.function is required.function
            }
            if len(there) < required.at_least:
                yield Gap(required.function, since, until, len(there), required)


def _standing(duty: Duty, taken: Mapping[str, str]) -> OnDuty:
    """Follow substitutes of substitutes; who would stand in for themselves stays where they were."""
    account, seen = duty.account, {duty.account}
    while (substitute := taken.get(account)) is not None and substitute not in seen:
        account = substitute
        seen.add(account)
    return OnDuty(duty, account, duty.account if account != duty.account else "")


def _accounts(on_duty: Collection[OnDuty], recipient: Recipient) -> list[str]:
    if recipient is Recipient.EVERYONE:
        return list(dict.fromkeys(one.account for one in on_duty))
    function = FUNCTION_OF.get(recipient)
    if function is None:
        return []
    there = _having(on_duty, function)
    return there or _having(on_duty, DutyFunction.WARD_EXECUTIVE)


def _having(on_duty: Collection[OnDuty], function: DutyFunction) -> list[str]:
    return list(dict.fromkeys(one.account for one in on_duty if one.duty.function is function))


def _merged(gaps: Iterator[Gap]) -> list[Gap]:
    """Join stretches in which equally many are there."""
    merged: list[Gap] = []
    for gap in gaps:
        last = merged[-1] if merged else None
        if last and (last.ends_at, last.there) == (gap.begins_at, gap.there):
            merged[-1] = Gap(gap.function, last.begins_at, gap.ends_at, gap.there, gap.required)
        else:
            merged.append(gap)
    return merged
