"""The register of two times does what a plain model does, at any day and as it was known at any instant."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from chassis.clock import ward_day, ward_time
from chassis.errors import DomainError
from chassis.storage.database import Database
from residency import tables
from residency.domain.persons.identity import IdentityCorrection, Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.residence.households import NamedMembers
from residency.domain.residence.occupancy import AgeBands
from residency.domain.residence.registrations import (
    Correction,
    HouseholdChoice,
    ResidenceApplication,
    ResidenceKind,
    Term,
)
from residency.operations.households import HouseholdOperations
from residency.queries.occupancy import OccupancyQueries
from residency.queries.residence import ResidenceQueries
from residency.tables.bitemporal import holds_on
from tests.fixtures.servers import TestDatabase
from tests.residency.register_model import DAYS, HOUSEHOLDER, Entry, RefusedError, Register
from tests.residency.samples import (
    SEAL,
    StoppedClock,
    add_building,
    all_asked,
    number,
    person_operations,
    request,
    residence_operations,
)

FIRST_DAY = date(2026, 11, 1)
# A year of birth for each band of ages.
BIRTHS = (2024, 2015, 1990, 1960, 1940)
PEOPLE, DWELLINGS = range(3), range(2)

SERIALS = count(1)
PERSONS, HOMES = st.sampled_from(PEOPLE), st.sampled_from(DWELLINGS)
DAY = st.integers(0, DAYS - 2)
# What is not open ends within the month.
TERMS = st.tuples(DAY, st.none() | st.integers(1, DAYS - 1)).filter(
    lambda term: term[1] is None or term[0] < term[1]
)
NAMED = st.dictionaries(PERSONS, st.sampled_from([HOUSEHOLDER, "CHILD", "MOTHER"]), max_size=3)
PICKS = st.integers(0, 1000)
SOMEBODY_MOVED_IN = precondition(lambda machine: bool(machine.names))


def day_of(day: int) -> date:
    """Tell the day that has a number."""
    return FIRST_DAY + timedelta(days=day)


def optional_day(day: int | None) -> date | None:
    """Tell the day that has a number, if there is one."""
    return None if day is None else day_of(day)


class RegisterMachine(RuleBasedStateMachine):
    """Three people in two dwellings whose register is changed, here and in the model; both answer alike."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.run = runner.run
        self.clock = StoppedClock(datetime(2026, 11, 10, 5, tzinfo=UTC))
        self.place = self.run(add_building(database, len(DWELLINGS)))
        self.serials = [next(SERIALS) for _ in PEOPLE]
        self.residences = residence_operations(database, self.clock)
        self.households = HouseholdOperations(database, self.clock, SEAL)
        self.persons = person_operations(database, self.clock)
        self.database = database
        self.register = Register()
        self.known = [(self.clock.now - timedelta(days=1), Register())]
        # What the model numbers, as the register names it.
        self.names: dict[int, UUID] = {}

    @property
    def today(self) -> int:
        """The number of the present day."""
        return (ward_day(self.clock.now) - FIRST_DAY).days

    def both(
        self, change: Callable[[Register], Any], doing: Callable[[], Coroutine[Any, Any, Any]]
    ) -> None:
        """Change the model and the register, or have both refuse; then ask for a day that changed, and as it was known.

        `change` tells the number of what it made, `doing` the name, if there is something new.
        """
        changed = self.register.copy()
        try:
            made = change(changed)
        except RefusedError:
            with pytest.raises(DomainError):
                self.run(doing())
            return
        named = self.run(doing())
        self.register = changed
        if made is not None:
            self.run(self.name(made, named))
        since, before = self.known[-1]
        self.known.append((self.clock.now, changed))
        turned = [day for day in range(DAYS) if before.said_of(day) != changed.said_of(day)]
        if turned:
            self.agree(before, turned[-1], since)
            self.agree(changed, turned[0], None)

    async def name(self, made: int, named: UUID) -> None:
        """Note how the register names what was made; a registration is in a household that is known, or a new one."""
        self.names[made] = named
        if made in self.register.registrations:
            columns = tables.registrations.c
            where = select(columns.household_id).where(columns.registration_id == named)
            async with self.database.transaction() as tx:
                joined: UUID = (await tx.scalars(where)).one()
            household = self.register.registrations[made].household
            assert self.names.setdefault(household, joined) == joined
            assert list(self.names.values()).count(joined) == 1

    def entry(self, person: int, term: tuple[int, int | None], **fields: Any) -> Entry:
        """Make a registration of the model."""
        values = {"permanent": True, "dwelling": 0, "household": 0, **fields}
        return Entry(person, start=term[0], until=term[1], recorded=self.clock.now, **values)

    def picked(self, pick: int) -> int:
        """Pick a registration, now and then one that was corrected or annulled."""
        entered = [key for _, known in self.known for key in known.registrations]
        return entered[pick % len(entered)]

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        """Later it is."""
        self.clock.now += timedelta(hours=hours)

    @rule(
        person=PERSONS,
        home=HOMES,
        permanent=st.booleans(),
        term=TERMS,
        relationship=st.sampled_from([None, "CHILD", HOUSEHOLDER]),
        founds=st.booleans(),
    )
    def move_in(
        self,
        *,
        person: int,
        home: int,
        permanent: bool,
        term: tuple[int, int | None],
        relationship: str | None,
        founds: bool,
    ) -> None:
        """Register somebody, in the household that there is or in one of their own."""
        self.clock.now += timedelta(minutes=1)
        born = self.register.births.get(person, BIRTHS[person])
        entry = self.entry(person, term, permanent=permanent, dwelling=home)
        application = ResidenceApplication(
            dwelling_id=self.place.dwelling_ids[home],
            kind=ResidenceKind.PERMANENT if permanent else ResidenceKind.TEMPORARY,
            number=number(self.serials[person]),
            full_name=FullName.parse("Phạm Thị Giả Định"),
            birth_date=PartialDate(born),
            sex=Sex.FEMALE,
            term=Term(day_of(term[0]), optional_day(term[1])),
            household=HouseholdChoice(founds=founds, relationship=relationship),
        )
        self.both(
            lambda register: register.register(born, entry, relationship, founds=founds),
            lambda: self.residences.register(application, request().request_id, b"x"),
        )

    @SOMEBODY_MOVED_IN
    @rule(pick=PICKS, day=DAY)
    def move_out(self, pick: int, day: int) -> None:
        """End a registration."""
        self.clock.now += timedelta(minutes=1)
        registration = self.picked(pick)
        today, now, asked = self.today, self.clock.now, request()
        self.both(
            lambda register: register.end(registration, day, today, now),
            lambda: self.residences.end(
                self.names[registration], day_of(day), asked.request_id, b"x"
            ),
        )

    @SOMEBODY_MOVED_IN
    @rule(pick=PICKS, term=TERMS, ended=st.none() | DAY)
    def correct(self, pick: int, term: tuple[int, int | None], ended: int | None) -> None:
        """Correct a term, and whether it was ended."""
        self.clock.now += timedelta(minutes=1)
        registration = self.picked(pick)
        wrong = next(
            known.registrations[registration]
            for _, known in reversed(self.known)
            if registration in known.registrations
        )
        right = self.entry(
            wrong.person,
            term,
            permanent=wrong.permanent,
            dwelling=wrong.dwelling,
            ended=ended,
            end_recorded=None if ended is None else self.clock.now,
        )
        correction = Correction(Term(day_of(term[0]), optional_day(term[1])), optional_day(ended))
        self.both(
            lambda register: register.correct(registration, right, self.today),
            lambda: self.residences.correct(self.names[registration], correction, request()),
        )

    @SOMEBODY_MOVED_IN
    @rule(pick=PICKS)
    def annul(self, pick: int) -> None:
        """Annul a registration."""
        self.clock.now += timedelta(minutes=1)
        registration = self.picked(pick)
        self.both(
            lambda register: register.annul(registration),
            lambda: self.residences.annul(self.names[registration], request()),
        )

    @SOMEBODY_MOVED_IN
    @rule(pick=PICKS, named=NAMED, day=DAY, splits=st.booleans())
    def rearrange(self, *, pick: int, named: dict[int, str], day: int, splits: bool) -> None:
        """Say anew who is what in a household, or split it."""
        self.clock.now += timedelta(minutes=1)
        households = list(self.register.households)
        household = households[pick % len(households)]

        async def doing() -> UUID | None:
            numbers = {number(self.serials[one]): as_what for one, as_what in named.items()}
            members = NamedMembers(self.names[household], numbers, day_of(day))
            if splits:
                return await self.households.split(members, request())
            return await self.households.rearrange(members, request())

        self.both(
            lambda register: (register.split if splits else register.rearrange)(
                household, named, day
            ),
            doing,
        )

    @SOMEBODY_MOVED_IN
    @rule(person=PERSONS, born=st.sampled_from(BIRTHS))
    def correct_birth(self, person: int, born: int) -> None:
        """Correct a date of birth."""
        self.clock.now += timedelta(minutes=1)
        right = IdentityCorrection(None, None, PartialDate(born), None, None)
        self.both(
            lambda register: register.correct_birth(person, born),
            lambda: self.persons.correct(number(self.serials[person]), right, request()),
        )

    @SOMEBODY_MOVED_IN
    @rule(pick=PICKS, seconds=st.sampled_from([0, 30]), day=st.integers(0, DAYS - 1))
    def ask(self, pick: int, seconds: int, day: int) -> None:
        """Ask for a day as it was known at an instant: who is registered where, and who belongs to whom."""
        since, known = self.known[pick % len(self.known)]
        self.agree(known, day, since + timedelta(seconds=seconds))

    def teardown(self) -> None:
        """Ask for some days as they are known at the end."""
        for day in range(0, DAYS, 7):
            self.agree(self.register, day, None)

    def agree(self, known: Register, day: int, at: datetime | None) -> None:
        """Compare all answers about a day."""
        self.run(self.counts_agree(known, day, at))
        for person in PEOPLE:
            self.run(self.registrations_agree(known, person, day, at))
        self.run(self.households_agree(known, day, at))

    async def counts_agree(self, known: Register, day: int, at: datetime | None) -> None:
        """How many are registered, and how old they are."""
        noon = ward_time(day_of(day), 12)
        queries = OccupancyQueries(self.database, self.clock)
        told = await queries.of_building(self.place.building_id, noon, at)
        for dwelling, occupancy in zip(DWELLINGS, told, strict=True):
            residents = known.residents(dwelling, day)
            bands = Counter(BIRTHS.index(known.births[one]) for one in residents)
            assert occupancy.counts.registered == len(residents)
            assert occupancy.counts.age_bands == AgeBands(*(bands[band] for band in range(5)))

    async def registrations_agree(
        self, known: Register, person: int, day: int, at: datetime | None
    ) -> None:
        """Which registrations there are on a day."""
        index = SEAL.blind_index(number(self.serials[person]))
        noon = ward_time(day_of(day), 12)
        on_register, told = await ResidenceQueries(self.database).of_number(
            index, all_asked(noon, at)
        )
        expected = {
            (
                self.names[key],
                self.place.dwelling_ids[one.dwelling],
                Term(day_of(one.start), optional_day(one.until)),
                optional_day(one.ended),
                one.recorded,
                one.end_recorded,
                one.corrects and self.names[one.corrects],
            )
            for key, one in known.registrations.items()
            if one.person == person and day in one.days
        }
        assert on_register == (person in self.register.births)
        assert expected == {
            (
                one.registration_id,
                one.dwelling.dwelling_id,
                one.term,
                one.ended_on,
                one.recorded_at,
                one.end_recorded_at,
                one.corrects,
            )
            for one in told
        }

    async def households_agree(self, known: Register, day: int, at: datetime | None) -> None:
        """Who belongs to which household on a day, and as what."""
        members, indexes = tables.household_memberships, tables.persons.c.number_index
        people = {SEAL.blind_index(number(one)): one for one in self.serials}
        statement = (
            select(indexes, members.c.household_id, members.c.relationship_to_householder)
            .join(tables.persons, tables.persons.c.person_id == members.c.person_id)
            .where(holds_on(members, day_of(day), at), indexes.in_(people))
        )
        async with self.database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
        expected = sorted(
            (self.serials[person], str(self.names[one.household]), one.relationship or "")
            for (person, on), one in known.belongs.items()
            if on == day
        )
        assert sorted((people[row[0]], str(row[1]), row[2] or "") for row in rows) == expected


@pytest.mark.postgres
def test_the_register_answers_like_a_plain_model(test_database: TestDatabase) -> None:
    """Whatever is entered, ended, corrected, annulled and rearranged, and whenever it is asked about."""
    with asyncio.Runner() as runner:
        database = Database.connect(test_database.url)
        run_state_machine_as_test(
            lambda: RegisterMachine(runner, database),
            settings=settings(
                max_examples=8,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
        runner.run(database.close())
