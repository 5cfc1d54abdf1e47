"""How many people may be at a place at a time: who lives there, who stays there, who works there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from incidents.domain.incidents.incident import LOCAL
from incidents.domain.rescue.people import PeopleEstimate, Provenance, oldest

DAY_FROM, NIGHT_FROM = "presence_day_from", "presence_night_from"


class Period(StrEnum):
    """Whether residents sleep at home or may be out."""

    NIGHT = "NIGHT"
    DAY = "DAY"


class PresenceKind(StrEnum):
    """What a number counts."""

    REGISTERED = "REGISTERED"
    ABSENT = "ABSENT"
    LODGING = "LODGING"
    FOREIGN = "FOREIGN"
    STANDING = "STANDING"
    RESIDENTS_PRESENT = "RESIDENTS_PRESENT"
    WORKING = "WORKING"
    TOTAL = "TOTAL"


class Bound(StrEnum):
    """On which side of a number the truth lies."""

    UNSPECIFIED = "UNSPECIFIED"
    LOWER = "LOWER"
    UPPER = "UPPER"
    EITHER = "EITHER"


@dataclass(frozen=True)
class Workplace:
    """People at work, as declared: by the ward's clock, on days that ISO 8601 numbers from Monday, 1.

    Work that ends earlier than it begins ends on the next day.
    """

    opens_at: time
    closes_at: time
    weekdays: frozenset[int]
    persons: int
    persons_off_hours: int

    def people_at(self, now: datetime) -> int:
        """Count who is there."""
        local = now.astimezone(LOCAL)
        today, yesterday = local.isoweekday(), (local - timedelta(days=1)).isoweekday()
        clock = local.time()
        if self.opens_at < self.closes_at:
            at_work = today in self.weekdays and self.opens_at <= clock < self.closes_at
        else:
            at_work = (today in self.weekdays and clock >= self.opens_at) or (
                yesterday in self.weekdays and clock < self.closes_at
            )
        return self.persons if at_work else self.persons_off_hours


@dataclass(frozen=True)
class PresenceNumber:
    """One number, on which side of it the truth lies, and where it comes from."""

    kind: PresenceKind
    count: int
    bound: Bound
    provenance: Provenance


@dataclass(frozen=True)
class Rule:
    """An hour of the ward's clock from which on it is day or night, since some day."""

    name: str
    effective_from: date
    hour: int


def period_at(rules: tuple[Rule, ...], now: datetime) -> Period:
    """Tell whether it is day or night, by the rules in force; before the first of them, the first holds."""
    local = now.astimezone(LOCAL)
    hours = _in_force(rules, local.date())
    is_day = hours[DAY_FROM] <= local.hour < hours[NIGHT_FROM]
    return Period.DAY if is_day else Period.NIGHT


def presence(
    people: PeopleEstimate,
    workplace: Workplace | None,
    declared: Provenance,
    period: Period,
    now: datetime,
) -> tuple[PresenceNumber, ...]:
    """Tell each number; people at work only where the premises declared some.

    By night residents are at home and guests may be undeclared: there may be more. By day many are out, so that there
    may be fewer too. Of relatives who come often at most so many are there, and absences are not all declared.
    """
    residents = Bound.LOWER if period is Period.NIGHT else Bound.EITHER
    counted = [
        (PresenceKind.REGISTERED, people.registered, Bound.UNSPECIFIED),
        (PresenceKind.ABSENT, people.absent, Bound.LOWER),
        (PresenceKind.LODGING, people.lodging, Bound.LOWER),
        (PresenceKind.FOREIGN, people.foreign, Bound.LOWER),
        (PresenceKind.STANDING, people.standing, Bound.UPPER),
        (PresenceKind.RESIDENTS_PRESENT, people.present, residents),
    ]
    numbers = [PresenceNumber(*number, people.provenance) for number in counted]
    if workplace is None:
        return (
            *numbers,
            PresenceNumber(PresenceKind.TOTAL, people.present, residents, people.provenance),
        )
    working = workplace.people_at(now)
    of_both = oldest(people.provenance, declared)
    return (
        *numbers,
        PresenceNumber(PresenceKind.WORKING, working, Bound.EITHER, declared),
        PresenceNumber(PresenceKind.TOTAL, people.present + working, Bound.EITHER, of_both),
    )


def _in_force(rules: tuple[Rule, ...], day: date) -> Mapping[str, int]:
    oldest_first = sorted(rules, key=lambda rule: rule.effective_from)
    hours: dict[str, int] = {}
    for rule in oldest_first:
        if rule.name not in hours or rule.effective_from <= day:
            hours[rule.name] = rule.hour
    return hours
