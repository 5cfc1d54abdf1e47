"""Who is in which dwelling does what a plain model does, at any hour and as it was known at any instant.

The model looks at every hour by itself: it knows no ends that are worked out ahead, and no rows that supersede others.
"""

import asyncio
from collections.abc import Callable, Coroutine
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from chassis.clock import ward_day, ward_time
from chassis.errors import DomainError
from chassis.storage.database import Database
from residency.domain.residence.absences import AbsenceContent, AbsenceDeclaration, AbsenceGround
from residency.domain.residence.registrations import Term
from residency.queries.occupancy import OccupancyQueries
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import (
    TODAY,
    StoppedClock,
    add_building,
    application,
    number,
    request,
    residence_operations,
)
from tests.residency.test_stay_operations import RECEIPT, absences_of, lodging, stays_of

DAYS = 6
# Guests 0 and 1 live in dwelling 0, guest 2 is on no register.
RESIDENTS, GUESTS, HOMES = range(2), range(3), range(2)
GUEST, HOME, PICK = st.sampled_from(GUESTS), st.sampled_from(HOMES), st.integers(0, 1000)
DAY, HOUR = st.integers(0, DAYS - 1), st.integers(0, 23)
NOON, LONG = 12, 1000
SERIALS = count(100, 10)


@dataclass
class Fact:
    """Who is a guest where, or absent (of no dwelling): from an hour of a day on until a day."""

    who: int
    home: int | None
    day: int
    hour: int
    until: int
    ended: bool = False

    def nights(self) -> range:
        """Tell the nights that it takes."""
        return range(self.day, self.until)


@dataclass
class Presence:
    """All that is declared and not annulled."""

    facts: dict[UUID, Fact] = field(default_factory=dict)

    def takes(self, new: Fact) -> bool:
        """Tell whether somebody is nowhere else in these nights, or not declared absent twice."""
        return not any(
            one.who == new.who
            and (one.home is None) == (new.home is None)
            and set(one.nights()) & set(new.nights())
            for one in self.facts.values()
        )

    def is_guest(self, who: int, home: int, day: int, hour: int) -> bool:
        """Tell whether somebody is a guest of a dwelling in an hour: has come, and neither left nor come elsewhere."""
        stays = [one for one in self.facts.values() if one.who == who and one.home is not None]
        for stay in stays:
            if stay.home != home or not stay.day <= day <= stay.until:
                continue
            stayed_on = any(
                one is not stay and one.home == home and one.until == stay.day for one in stays
            )
            come = stayed_on or (day, hour) >= (stay.day, stay.hour)
            elsewhere = any(
                one is not stay and one.home != home and one.day == day and one.hour <= hour
                for one in stays
            )
            gone = day == stay.until and (hour >= NOON or elsewhere)
            if come and not gone:
                return True
        return False

    def counts(self, home: int, day: int, hour: int) -> tuple[int, int, int, int]:
        """Count registered, absent, lodging and present."""
        residents = set(RESIDENTS) if home == 0 else set()
        away = {
            one.who
            for one in self.facts.values()
            if one.home is None and one.day <= day < one.until and one.who in residents
        }
        here = {who for who in GUESTS if self.is_guest(who, home, day, hour)}
        lodging_ = len(here - (residents - away))
        return len(residents), len(away), lodging_, len(residents) - len(away) + lodging_


class PresenceMachine(RuleBasedStateMachine):
    """Guests come and go and residents are away, here and in the model; both count alike."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.run = runner.run
        self.clock = StoppedClock(ward_time(TODAY, NOON))
        self.first = next(SERIALS)
        self.homes = self.run(add_building(database, len(HOMES))).dwelling_ids
        for who in RESIDENTS:
            entering = application(self.homes[0], self.first + who)
            self.run(
                residence_operations(database, self.clock).register(entering, str(uuid4()), b"x")
            )
        self.stays = stays_of(database, self.clock)
        self.absences = absences_of(database, self.clock)
        self.queries = OccupancyQueries(database, self.clock)
        self.presence = Presence()
        self.known = [(self.clock.now, Presence())]

    @property
    def today(self) -> int:
        """The number of the present day."""
        return (ward_day(self.clock.now) - TODAY).days

    def both(self, agreed: Presence | None, doing: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Do what the model has done, or have it refused where the model refuses (None)."""
        self.clock.now += timedelta(minutes=1)
        if agreed is None:
            with pytest.raises(DomainError):
                self.run(doing())
            return None
        done = self.run(doing())
        self.presence = agreed
        self.known.append((self.clock.now, agreed))
        return done

    def declared(self, new: Fact, doing: Callable[[], Coroutine[Any, Any, UUID]]) -> None:
        """Declare something, if nothing is in its way."""
        if not self.presence.takes(new):
            self.both(None, doing)
            return
        after = deepcopy(self.presence)
        entry_id = self.both(after, doing)
        after.facts[entry_id] = new

    @rule(who=GUEST, home=HOME, day=DAY, hour=HOUR, nights=st.integers(1, 3))
    def lodge(self, who: int, home: int, day: int, hour: int, nights: int) -> None:
        """Declare a guest of some nights."""
        guest = lodging(
            self.homes[home],
            number(self.first + who),
            arrives_at=ward_time(day_of(day), hour),
            leaves_on=day_of(day + nights),
        )
        new = Fact(who, home, day, hour, day + nights)
        self.declared(new, lambda: self.stays.declare(guest, RECEIPT, request()))

    @rule(who=st.sampled_from(RESIDENTS), day=DAY)
    def go_away(self, who: int, day: int) -> None:
        """Declare a resident absent from a day on."""
        term = Term(day_of(day), None)
        content = AbsenceContent(AbsenceGround.LONG_ABSENCE, "đi làm", "Hà Nội", term)
        absence = AbsenceDeclaration(number(self.first + who), content)
        new = Fact(who, None, day, 0, LONG)
        self.declared(new, lambda: self.absences.declare(absence, RECEIPT, request()))

    @rule(pick=PICK)
    def end(self, pick: int) -> None:
        """Have a guest leave, or somebody come back, today."""
        entry_id, fact = self.picked(pick)
        if entry_id is None or fact is None:
            return
        after: Presence | None = None
        if not fact.ended and fact.day <= self.today < fact.until:
            after = deepcopy(self.presence)
            after.facts[entry_id].until = self.today
            after.facts[entry_id].ended = True
        today = day_of(self.today)
        does = self.absences if fact.home is None else self.stays
        self.both(after, lambda: does.end(entry_id, today, request()))

    @rule(pick=PICK)
    def annul(self, pick: int) -> None:
        """Have it that somebody never came, or was never away."""
        entry_id, fact = self.picked(pick)
        if entry_id is None or fact is None:
            return
        after = deepcopy(self.presence)
        del after.facts[entry_id]
        does = self.absences if fact.home is None else self.stays
        self.both(after, lambda: does.annul(entry_id, request()))
        # Once.
        self.both(None, lambda: does.annul(entry_id, request()))

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.clock.now += timedelta(hours=hours)

    @rule(home=HOME, day=st.integers(0, DAYS + 3), hour=HOUR, pick=PICK)
    def ask(self, home: int, day: int, hour: int, pick: int) -> None:
        """Ask who is there in an hour, as it is known now and as it was known before."""
        at = ward_time(day_of(day), hour)
        known_at, then = self.known[pick % len(self.known)]
        for instant, presence in ((None, self.presence), (known_at, then)):
            found = self.run(self.queries.of_dwelling(self.homes[home], at, instant))
            told = found[0].counts
            counted = (told.registered, told.absent, told.lodging, told.present)
            assert counted == presence.counts(home, day, hour)

    def picked(self, pick: int) -> tuple[UUID | None, Fact | None]:
        """Pick something that is declared, if anything is."""
        declared = list(self.presence.facts.items())
        return declared[pick % len(declared)] if declared else (None, None)


def day_of(day: int) -> date:
    """Tell the day that has a number."""
    return TODAY + timedelta(days=day)


@pytest.mark.postgres
def test_presence_does_what_the_model_does(test_database: TestDatabase) -> None:
    """Whatever is declared, ended and annulled, in whatever order."""
    with asyncio.Runner() as runner:
        database = Database.connect(test_database.url)
        try:
            run_state_machine_as_test(
                lambda: PresenceMachine(runner, database),
                settings=settings(
                    max_examples=20,
                    stateful_step_count=30,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow],
                ),
            )
        finally:
            runner.run(database.close())
