"""Guests of some nights and foreign guests, as who lodges them declares them.

Lodging notification (thông báo lưu trú): Law 68/2020/QH14 on Residence Art. 30, Circular 116/2026/TT-BCA Art. 14.
Foreign stay (khai báo tạm trú của người nước ngoài, form NA17): Law 47/2014/QH13 Art. 33.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from chassis.clock import ward_day, ward_time
from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import Rule
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.registrations import Correction, Entry, Term

_DAY = timedelta(days=1)


class StayNotFoundError(DomainError):
    """No stay or absence has this id."""

    reason = "STAY_NOT_FOUND"


class StayAlreadyEndedError(DomainError):
    """It was ended before, or runs out no later than the asked day."""

    reason = "STAY_ALREADY_ENDED"


class StayOverlapsError(DomainError):
    """The person is declared for this time already, here or elsewhere; nobody spends one night in two dwellings."""

    reason = "STAY_OVERLAPS"


class LodgingTooLongError(DomainError):
    """Who stays so many days without a break registers temporary residence."""

    reason = "LODGING_TOO_LONG"


class Channel(StrEnum):
    """How a declaration came in (Law 68/2020/QH14 Art. 30)."""

    IN_PERSON = "IN_PERSON"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    # The public service portal or VNeID.
    PORTAL = "PORTAL"
    LODGING_SOFTWARE = "LODGING_SOFTWARE"


@dataclass(frozen=True)
class Receipt:
    """When a declaration came in, and how; the officer may enter it later."""

    received_at: datetime
    channel: Channel


@dataclass(frozen=True)
class Guest:
    """Who stays, as declared; guests are not persons of the register, though the number may be that of one.

    `sex` is None where the law does not ask for it.
    """

    document: PersonalIdNumber | PassportNumber
    full_name: FullName
    birth_date: PartialDate
    nationality: str
    sex: Sex | None


@dataclass(frozen=True)
class StayDeclaration:
    """What is declared of a stay. `kind` is LODGING, STANDING (close relatives, once for all nights) or FOREIGN.

    Arrival may be still to come. On `leaves_on` the guest leaves, that of arrival if they come past midnight and leave
    in the morning; None without an end.
    """

    dwelling_id: UUID
    kind: StayKind
    guest: Guest
    reason: str
    arrives_at: datetime
    leaves_on: date | None

    @property
    def term(self) -> Term:
        """From the day of the first night on, and until the day of leaving: a night belongs to the day it begins on."""
        arrives_on = ward_day(self.arrives_at)
        past_midnight = self.leaves_on == arrives_on
        return Term(arrives_on - _DAY if past_midnight else arrives_on, self.leaves_on)


@dataclass(frozen=True)
class StayLimits:
    """The numbers in force: how long guests may stay, and until when they must be declared."""

    lodging_days: int
    # Hours of the ward's day.
    evening_hour: int
    morning_hour: int
    # Hours after the arrival of a foreigner, as the building lies.
    foreign_hours: int
    # The hour at which guests leave.
    night_end_hour: int

    def check(self, declared: StayDeclaration, others: Iterable[Term]) -> None:
        """Refuse a stay before the guest's birth, without an end where one is needed, of no night, or too long.

        It is too long with others, of the same guest, that lodge in the same dwelling and have an end. Raises
        FieldInvalidError or LodgingTooLongError.
        """
        term = declared.term
        term.check_birth(declared.guest.birth_date, "arrives_at")
        if term.valid_until is None:
            if declared.kind is not StayKind.STANDING:
                raise FieldInvalidError(
                    "leaves_on",
                    Rule(
                        "bắt buộc, trừ người thân thường xuyên đến ở",
                        "needed unless a close relative comes often",
                    ),
                )
        elif term.valid_until <= term.valid_from or self._is_gone(declared):
            hour = self.night_end_hour
            raise FieldInvalidError(
                "leaves_on",
                Rule(
                    f"sau ngày đến, hoặc chính ngày đến nếu khách đến trước {hour} giờ",
                    f"after the day of arrival, or that day if the guest comes before {hour}:00",
                ),
            )
        if declared.kind is StayKind.LODGING and unbroken_days(term, others) >= self.lodging_days:
            raise LodgingTooLongError

    def _is_gone(self, declared: StayDeclaration) -> bool:
        """Tell whether guests have left by the hour at which one arrives who leaves on that day."""
        arrives_on = ward_day(declared.arrives_at)
        leaves_at = ward_time(arrives_on, self.night_end_hour)
        return declared.leaves_on == arrives_on and declared.arrives_at >= leaves_at

    def declare_by(self, declared: StayDeclaration) -> datetime:
        """Tell when it is too late to declare the stay in time.

        A Vietnamese guest is declared before the evening hour of the day of arrival, or if arriving later before the
        morning hour of the next day; a foreigner within some hours.
        """
        if declared.kind is StayKind.FOREIGN:
            return declared.arrives_at + timedelta(hours=self.foreign_hours)
        day = ward_day(declared.arrives_at)
        evening = ward_time(day, self.evening_hour)
        if declared.arrives_at < evening:
            return evening
        return ward_time(day + timedelta(days=1), self.morning_hour)


@dataclass(frozen=True)
class GuestStay(Entry):
    """A stay as it was entered."""

    already_ended: ClassVar[type[DomainError]] = StayAlreadyEndedError

    dwelling_id: UUID
    kind: StayKind
    # The blind index of the guest's document.
    guest_index: bytes
    receipt: Receipt

    def check_correction(self, declared: StayDeclaration) -> None:
        """Refuse to correct what was superseded, or a foreign stay by a lodging notification and the reverse."""
        self.check_current()
        if (self.kind is StayKind.FOREIGN) != (declared.kind is StayKind.FOREIGN):
            raise StayNotFoundError


@dataclass(frozen=True)
class StayCorrection:
    """What should have been declared of a stay, and the day it was ended on if it was."""

    declared: StayDeclaration
    ended_on: date | None

    @property
    def times(self) -> Correction:
        """When it was so."""
        return Correction(self.declared.term, self.ended_on)


@dataclass(frozen=True)
class Asked:
    """Which declarations are asked for: those of a day, in one dwelling or (None) in the whole ward.

    As they are known now (None), or were known at an instant.
    """

    dwelling_id: UUID | None
    day: date
    known_at: datetime | None
    # With the guests of the night of the day before, who have not left yet.
    with_night_before: bool = False


@dataclass(frozen=True)
class ToldStay:
    """A stay as it is told, with what was known of its end at the asked instant."""

    stay_id: UUID
    # The blind index of the guest's document.
    guest_index: bytes
    declared: StayDeclaration
    ended_on: date | None
    receipt: Receipt
    declare_by: datetime
    recorded_at: datetime
    corrects: UUID | None
    reference: str

    @property
    def late(self) -> bool:
        """Whether it came in too late."""
        return self.receipt.received_at >= self.declare_by


def is_night(now: datetime, morning_hour: int) -> bool:
    """Tell whether the night of the day before is not over: until the hour by which its last guests are declared."""
    return now < ward_time(ward_day(now), morning_hour)


def unbroken_days(term: Term, others: Iterable[Term]) -> int:
    """Count the days of a term with those of others that join it without a day between; all have an end.

    The others do not overlap each other, nor the term.
    """
    first, last = term.valid_from, term.valid_until
    in_order = sorted(others, key=lambda other: other.valid_from)
    for other in in_order:
        if other.valid_from == last:
            last = other.valid_until
    for other in reversed(in_order):
        if other.valid_until == first:
            first = other.valid_from
    if last is None:
        raise ValueError("a term without an end has no number of days")
    return (last - first).days
