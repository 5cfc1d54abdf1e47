"""Records are merged by two officers and parted again; nothing is rewritten, and what was known can be told."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from chassis import context
from chassis.clock import ward_time
from chassis.context import Identity
from chassis.errors import DomainError
from chassis.storage.database import Database
from residency import tables
from residency.domain.cases.machine import SecondPersonRequiredError
from residency.domain.duplicates import (
    CandidateState,
    Claim,
    DuplicateAlreadyDecidedError,
    DuplicateCandidate,
    DuplicateReason,
    Finding,
    MergeAlreadyUndoneError,
    MergeConflictError,
    MergeOfSurvivorError,
    Occasion,
    Pair,
    Verdict,
    check_compatible,
)
from residency.domain.protection.account import Named, Names
from residency.domain.residence.assistance import AssistanceBasis, Grounds, NeedStatement
from residency.domain.residence.households import HOUSEHOLDER
from residency.domain.residence.occupancy import Assistance
from residency.domain.residence.registrations import (
    HouseholdChoice,
    IdentityMismatchError,
    PermanentResidenceExistsError,
    ResidenceApplication,
    ResidenceKind,
    Term,
)
from residency.operations.assistance import AssistanceOperations
from residency.operations.duplicates import DuplicateOperations
from residency.queries.account import AccountQueries
from residency.queries.occupancy import OccupancyQueries
from residency.queries.residence import ResidenceQueries
from residency.repository import duplicates, residence
from residency.tables.duplicates import holder_of_record, records_of
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import (
    NOON,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    all_asked,
    application,
    number,
    relay,
    request,
    residence_operations,
    waiting_events,
)
from tests.residency.test_stay_operations import (
    PARTICULARS,
    RECEIPT,
    absences_of,
    away,
    lodging,
    stays_of,
)

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)
NAMES = ("Phạm Thị Giả Định", "Phạm Thị Giả Định Hai", "Phạm Thị Giả Định Ba")


def merging(database: Database, clock: StoppedClock) -> DuplicateOperations:
    """Make what decides about duplicates."""
    return DuplicateOperations(database, relay(database, clock), clock, SEAL, PARTICULARS)


def acting(account: str) -> None:
    """Have an officer make what is called next."""
    context.identity.set(Identity(account, frozenset(), ""))


async def pair_of(database: Database, one: int, other: int) -> tuple[UUID, bool]:
    """Make the records with two serial numbers a candidate; tell it, and whether `one` is its first record."""
    indexes = [SEAL.blind_index(number(serial)) for serial in (one, other)]
    columns = tables.persons.c
    async with database.transaction() as tx:
        ids = [
            (
                await tx.scalars(select(columns.person_id).where(columns.number_index == index))
            ).one()
            for index in indexes
        ]
        first_id, second_id = sorted(ids)
        pair = Pair(first_id, second_id, (DuplicateReason.SAME_NAME_AND_BIRTH,))
        await duplicates.add(tx, [pair], Finding("", Occasion.SEARCH, NOON), uuid4)
        candidates = tables.duplicate_candidates.c
        found = select(candidates.candidate_id).where(
            candidates.first_id == pair.first_id, candidates.second_id == pair.second_id
        )
        return (await tx.scalars(found)).one(), pair.first_id == ids[0]


async def merged(database: Database, clock: StoppedClock, losing: int, surviving: int) -> UUID:
    """Merge the records with two serial numbers, by two officers; tell the merge.

    A proposal of the first officer stands that was refused when the second decided alike.
    """
    operations = merging(database, clock)
    candidate, first_survives = await pair_of(database, surviving, losing)
    verdict = Verdict.FIRST_SURVIVES if first_survives else Verdict.SECOND_SURVIVES
    acting("officer-1")
    with suppress(SecondPersonRequiredError):
        proposed = await operations.decide(
            candidate, verdict, "hai hồ sơ của một người", request()
        )
        assert (proposed.candidate.state, proposed.merge_id) == (
            CandidateState.MERGE_PROPOSED,
            None,
        )
    acting("officer-2")
    decided = await operations.decide(candidate, verdict, "đã đối chiếu bản gốc", request())
    assert decided.candidate.state is CandidateState.MERGED
    assert decided.merge_id
    return decided.merge_id


async def parted(database: Database, clock: StoppedClock, merge_id: UUID) -> None:
    """Undo a merge."""
    acting("officer-1")
    await merging(database, clock).undo(merge_id, "hai người khác nhau", request())


async def told(
    database: Database, serial: int, known_at: datetime | None = None
) -> list[tuple[UUID, date, date | None]]:
    """Tell where somebody is registered and when, by the number."""
    index = SEAL.blind_index(number(serial))
    _, found = await ResidenceQueries(database).of_number(index, all_asked(known_at=known_at))
    return [
        (one.dwelling.dwelling_id, one.term.valid_from, one.ended_on or one.term.valid_until)
        for one in found
    ]


@dataclass
class Fact:
    """An entry of the model: what it is, of which record it is now, on which days, and by which merges it came."""

    what: str
    owner: int
    dwelling: int | None
    start: int
    until: int | None
    by: list[UUID] = field(default_factory=list)

    @property
    def only(self) -> str:
        """Of what one person has one at a time."""
        return f"TEMPORARY in {self.dwelling}" if self.what == "TEMPORARY" else self.what

    def on(self, day: int) -> bool:
        """Tell whether it is so on a day."""
        return self.start <= day and (self.until is None or day < self.until)

    def collides(self, other: "Fact") -> bool:
        """Tell whether one person cannot have both."""
        return self.only == other.only and self.overlaps(other)

    def overlaps(self, other: "Fact") -> bool:
        """Tell whether there is a day on which both are so."""
        return any(self.on(day) and other.on(day) for day in range(DAYS + 1))


DAYS = 20
RECORDS, HOMES = range(3), range(2)
FIRST_DAY = TODAY - timedelta(days=10)
NOW = 10
SERIALS = count(1, 3)
RECORD, HOME = st.sampled_from(RECORDS), st.sampled_from(HOMES)


@dataclass
class Model:
    """What the register says: the facts, and which record stands for which."""

    facts: list[Fact] = field(default_factory=list)
    stands: dict[int, int] = field(default_factory=lambda: {one: one for one in RECORDS})

    def of(self, record: int) -> list[Fact]:
        """Give what is so of the person with a record."""
        return [fact for fact in self.facts if fact.owner == self.stands[record]]

    def add(self, fact: Fact) -> bool:
        """Enter a fact of a person; False if that cannot be."""
        fact.owner = self.stands[fact.owner]
        if any(fact.collides(other) for other in self.of(fact.owner)):
            return False
        self.facts.append(fact)
        return True


class MergeMachine(RuleBasedStateMachine):
    """Three records of who knows how many people, registered, in need, merged and parted, here and in a model."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.run = runner.run
        self.database = database
        self.clock = StoppedClock(ward_time(TODAY, 12))
        self.residences = residence_operations(database, self.clock)
        self.needs = AssistanceOperations(
            database, relay(database, self.clock), self.clock, SEAL, PARTICULARS
        )
        self.place = self.run(add_building(database, len(HOMES)))
        first = next(SERIALS)
        self.serials = [first, first + 1, first + 2]
        self.model = Model()
        self.merges: dict[UUID, tuple[int, int]] = {}
        self.settled: dict[frozenset[int], UUID] = {}
        self.run(self.enter_records())
        self.known = [(self.clock.now, Model())]

    async def enter_records(self) -> None:
        """Put three persons on the register who live nowhere."""
        async with self.database.transaction() as tx:
            for record in RECORDS:
                declared = self.declared(record, 0, ResidenceKind.PERMANENT, 0, None)
                await residence.find_or_enter_person(tx, declared, SEAL, uuid4(), self.clock.now)

    def declared(
        self, record: int, home: int, kind: ResidenceKind, start: int, until: int | None
    ) -> ResidenceApplication:
        """Declare a residence under the number and the name of a record."""
        return application(
            self.place.dwelling_ids[home],
            self.serials[record],
            kind=kind,
            full_name=NAMES[record],
            valid_from=day_of(start),
            valid_until=None if until is None else day_of(until),
        )

    def both(self, doing: Callable[[], Coroutine[Any, Any, Any]], *, agreed: bool = True) -> None:
        """Do what the model has done, or have it refused as the model does."""
        if agreed:
            self.run(doing())
            self.known.append((self.clock.now, deepcopy(self.model)))
            return
        with pytest.raises(DomainError):
            self.run(doing())

    @rule(
        record=RECORD,
        home=HOME,
        permanent=st.booleans(),
        start=st.integers(0, DAYS - 2),
        length=st.integers(1, DAYS),
    )
    def register(
        self, *, record: int, home: int, permanent: bool, start: int, length: int
    ) -> None:
        """Register somebody by any of their numbers."""
        self.clock.now += timedelta(minutes=1)
        kind = ResidenceKind.PERMANENT if permanent else ResidenceKind.TEMPORARY
        until = start + length
        declared = self.declared(record, home, kind, start, until)
        agreed = self.model.add(Fact(kind.value, record, home, start, until))
        self.both(lambda: self.residences.register(declared, str(uuid4()), b"x"), agreed=agreed)

    @rule(record=RECORD, need=st.sampled_from([Assistance.SIGHT, Assistance.OXYGEN]))
    def need(self, record: int, need: Assistance) -> None:
        """Declare that somebody needs help, from today on."""
        self.clock.now += timedelta(minutes=1)
        agreed = self.model.add(Fact(need.value, record, None, NOW, None))
        statement = NeedStatement(Grounds(AssistanceBasis.CONSENT, ""), None, TODAY + YEAR / 2)
        of_whom = number(self.serials[record])
        self.both(lambda: self.needs.declare(of_whom, need, statement, request()), agreed=agreed)

    @rule(pick=st.integers(0, 1000))
    def annul(self, pick: int) -> None:
        """Annul a registration that holds, whosever it is by now."""
        holding = self.run(self.holding())
        if not holding:
            return
        self.clock.now += timedelta(minutes=1)
        registration_id, owner, home, start = holding[pick % len(holding)]
        fact = next(
            one
            for one in self.model.facts
            if (one.owner, one.dwelling, day_of(one.start)) == (owner, home, start)
            and one.what in {"PERMANENT", "TEMPORARY"}
        )
        twins = [
            one
            for one in self.model.facts
            if (one.owner, one.dwelling, one.start) == (owner, home, fact.start)
            and one.what in {"PERMANENT", "TEMPORARY"}
        ]
        if len(twins) > 1:
            return
        self.model.facts.remove(fact)
        self.both(lambda: self.residences.annul(registration_id, request()))

    @rule(losing=RECORD, surviving=RECORD)
    def merge(self, losing: int, surviving: int) -> None:
        """Merge two records, and see that it is refused where it cannot be."""
        if losing == surviving:
            return
        self.clock.now += timedelta(minutes=1)
        model, asked = self.model, (losing, surviving)
        losing, surviving = model.stands[losing], model.stands[surviving]

        async def doing() -> UUID:
            serials = (self.serials[one] for one in asked)
            return await merged(self.database, self.clock, *serials)

        # What was decided of two records stands, also if one has been parted from the other by another merge's undoing.
        if losing == surviving or self.settled.get(frozenset(asked)) in self.merges:
            with pytest.raises(DuplicateAlreadyDecidedError):
                self.run(doing())
            return
        if any(one != losing and model.stands[one] == losing for one in RECORDS):
            with pytest.raises(MergeOfSurvivorError):
                self.run(doing())
            return
        ours, theirs = model.of(losing), model.of(surviving)
        colliding = {
            id(fact)
            for one in ours
            for other in theirs
            if one.collides(other)
            for fact in (one, other)
        }
        if colliding:
            with pytest.raises(MergeConflictError) as refused:
                self.run(doing())
            assert len(refused.value.metadata["entries"].split(", ")) == len(colliding)
            return
        merge_id = self.run(doing())
        for fact in ours:
            fact.owner = surviving
            fact.by.append(merge_id)
        model.stands[losing] = surviving
        self.merges[merge_id] = (losing, surviving)
        self.settled[frozenset(asked)] = merge_id
        self.known.append((self.clock.now, deepcopy(model)))

    @rule(pick=st.integers(0, 1000))
    def part(self, pick: int) -> None:
        """Undo a merge: what came by it goes back, and what came since stays."""
        if not self.merges:
            return
        self.clock.now += timedelta(minutes=1)
        merge_id = list(self.merges)[pick % len(self.merges)]
        losing, _ = self.merges.pop(merge_id)
        for fact in self.model.facts:
            if merge_id in fact.by:
                fact.owner = losing
                fact.by.remove(merge_id)
        self.model.stands[losing] = losing
        self.both(lambda: parted(self.database, self.clock, merge_id))

    @rule(pick=st.integers(0, 1000), day=st.integers(0, DAYS - 1))
    def ask(self, pick: int, day: int) -> None:
        """Ask for a day as it was known at an instant."""
        since, known = self.known[pick % len(self.known)]
        self.run(self.agree(known, day, since))

    def teardown(self) -> None:
        """Ask for some days as they are known at the end, and see that all belong to one household at most."""
        for day in (0, NOW, DAYS - 1):
            self.run(self.agree(self.model, day, None))
        self.run(self.pointers_agree())

    async def agree(self, known: Model, day: int, at: datetime | None) -> None:
        """Compare who is registered where, by each number, and how many are counted in each dwelling."""
        noon, homes = ward_time(day_of(day), 12), self.place.dwelling_ids
        for record in RECORDS:
            index = SEAL.blind_index(number(self.serials[record]))
            _, found = await ResidenceQueries(self.database).of_number(index, all_asked(noon, at))
            lives = [
                (homes[fact.dwelling], day_of(fact.start))
                for fact in known.of(record)
                if fact.dwelling is not None and fact.on(day)
            ]
            assert sorted(lives) == sorted(
                (one.dwelling.dwelling_id, one.term.valid_from) for one in found
            )
        queries = OccupancyQueries(self.database, self.clock)
        counted = await queries.of_building(self.place.building_id, noon, at)
        for home, occupancy in zip(HOMES, counted, strict=True):
            residents = {one.owner for one in known.facts if one.dwelling == home and one.on(day)}
            in_need = {
                need: len(
                    {
                        one.owner
                        for one in known.facts
                        if one.what == need and one.on(day) and one.owner in residents
                    }
                )
                for need in (Assistance.SIGHT, Assistance.OXYGEN)
            }
            assert occupancy.counts.registered == len(residents)
            assert {need: occupancy.counts.assistance.get(need, 0) for need in in_need} == in_need

    async def holding(self) -> list[tuple[UUID, int, int, date]]:
        """Give the registrations that hold: id, whose, where and since when."""
        columns, people = tables.registrations.c, tables.persons.c
        serials = {
            SEAL.blind_index(number(one)): record for record, one in enumerate(self.serials)
        }
        statement = (
            select(
                columns.registration_id,
                people.number_index,
                columns.dwelling_id,
                columns.valid_from,
            )
            .join(tables.persons, people.person_id == columns.person_id)
            .where(columns.superseded_at.is_(None), people.number_index.in_(serials))
            .order_by(columns.registration_id)
        )
        async with self.database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
        homes = self.place.dwelling_ids
        return [(row[0], serials[row[1]], homes.index(row[2]), row[3]) for row in rows]

    async def pointers_agree(self) -> None:
        """See that records point where merges say, and that memberships lie within their registrations."""
        people, merges = tables.persons.c, tables.person_merges.c
        standing = select(merges.losing_id, merges.surviving_id).where(merges.undone_at.is_(None))
        pointing = select(people.person_id, people.merged_into).where(
            people.merged_into.is_not(None)
        )
        members, entries = tables.household_memberships.c, tables.registrations.c
        astray = (
            select(func.count())
            .select_from(tables.household_memberships.join(tables.registrations))
            .where(
                members.superseded_at.is_(None),
                (members.person_id != entries.person_id)
                | entries.superseded_at.is_not(None)
                | ~func.daterange(members.valid_from, members.ends_on).op("<@")(
                    func.daterange(entries.valid_from, entries.ends_on)
                ),
            )
        )
        async with self.database.transaction() as tx:
            assert set(await tx.execute(standing)) == set(await tx.execute(pointing))
            assert (await tx.scalars(astray)).one() == 0


def day_of(day: int) -> date:
    """Tell the day that has a number."""
    return FIRST_DAY + timedelta(days=day)


@pytest.mark.postgres
def test_merging_and_parting_agree_with_a_plain_model(test_database: TestDatabase) -> None:
    """Whatever is registered, merged, annulled and parted, and whenever it is asked about."""
    with asyncio.Runner() as runner:
        database = Database.connect(test_database.url)
        run_state_machine_as_test(
            lambda: MergeMachine(runner, database),
            settings=settings(
                max_examples=8,
                stateful_step_count=16,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
        runner.run(database.close())


def test_what_collides_is_named_and_nothing_else() -> None:
    """Of the same kind, of which one person has one at a time, on a day in both."""
    may, june = Term(date(2026, 5, 1), date(2026, 6, 1)), Term(date(2026, 6, 1), None)
    losing = [
        Claim("registration:1", "home", may),
        Claim("need:1", "SIGHT", june),
        Claim("registration:2", "", june),
    ]
    free = [
        Claim("registration:3", "home", june),
        Claim("need:2", "OXYGEN", june),
        Claim("registration:4", "", june),
        Claim("registration:5", "home", None),
    ]
    check_compatible(losing, free)
    with pytest.raises(MergeConflictError) as refused:
        check_compatible(
            losing,
            [*free, Claim("need:3", "SIGHT", may), Claim("need:4", "SIGHT", Term(TODAY, None))],
        )

    assert refused.value.metadata == {"entries": "need:1, need:4"}


def test_one_officer_tells_two_persons_apart_and_two_merge() -> None:
    """A proposal in the other direction is another one; what is decided is not decided again."""
    first, second = UUID(int=1), UUID(int=2)
    candidate = DuplicateCandidate(
        uuid4(),
        Pair(first, second, (DuplicateReason.SAME_NAME_AND_BIRTH,)),
        Finding("", Occasion.SEARCH, NOON),
        CandidateState.OPEN,
        None,
        (first, second),
    )
    proposed = candidate.decide(Verdict.FIRST_SURVIVES, "officer-1")
    turned = proposed.decide(Verdict.SECOND_SURVIVES, "officer-2")
    done = turned.decide(Verdict.SECOND_SURVIVES, "officer-1")
    apart = proposed.decide(Verdict.DIFFERENT, "officer-1")

    assert (proposed.verdict, turned.verdict) == (Verdict.FIRST_SURVIVES, Verdict.SECOND_SURVIVES)
    assert (done.state, apart.state, apart.verdict) == (
        CandidateState.MERGED,
        CandidateState.DIFFERENT,
        None,
    )
    with pytest.raises(SecondPersonRequiredError):
        proposed.decide(Verdict.FIRST_SURVIVES, "officer-1")
    for decided in (done, apart, replace(candidate, standing=(first, first))):
        with pytest.raises(DuplicateAlreadyDecidedError):
            decided.decide(Verdict.DIFFERENT, "officer-3")


@pytest.mark.postgres
async def test_two_homes_at_a_time_are_to_be_mended_before(database: Database) -> None:
    """The error names both registrations; once one is annulled the records are merged, and each change is published."""
    clock = StoppedClock()
    home, other = (await add_building(database, 2)).dwelling_ids
    residences = residence_operations(database, clock)
    ours = await residences.register(application(home, 1), "request-1", b"x")
    theirs = await residences.register(application(other, 2), "request-2", b"x")
    with pytest.raises(MergeConflictError) as refused:
        await merged(database, clock, 2, 1)
    both_stand = await told(database, 1), await told(database, 2)
    await residences.annul(theirs, request())
    clock.now += HOUR
    candidate, _ = await pair_of(database, 1, 2)
    events = len(await waiting_events(database))
    acting("officer-3")
    survives = (
        Verdict.FIRST_SURVIVES if (await pair_of(database, 1, 2))[1] else Verdict.SECOND_SURVIVES
    )
    await merging(database, clock).decide(candidate, survives, "đã đối chiếu", request())
    published = (await waiting_events(database))[events:]

    assert refused.value.metadata == {
        "entries": ", ".join(sorted((f"registration:{ours}", f"registration:{theirs}")))
    }
    assert all(both_stand)
    assert await told(database, 2) == await told(database, 1) == both_stand[0]
    assert sorted(one.dwelling.dwelling_id for one in published) == sorted(map(str, (home, other)))


@pytest.mark.postgres
async def test_two_temporary_residences_in_one_dwelling_are_to_be_mended_before(
    database: Database,
) -> None:
    """As one person has one there for a day; in two dwellings, or one after the other, they may both have them."""
    clock = StoppedClock()
    home, other = (await add_building(database, 2)).dwelling_ids
    residences = residence_operations(database, clock)

    async def lives(dwelling_id: UUID, serial: int, begins: date) -> UUID:
        term = application(
            dwelling_id,
            serial,
            kind=ResidenceKind.TEMPORARY,
            valid_from=begins,
            valid_until=begins + timedelta(days=200),
        )
        return await residences.register(term, f"request-{serial}-{begins}", b"x")

    ours = await lives(home, 1, TODAY)
    theirs = await lives(home, 2, TODAY + timedelta(days=100))
    await lives(other, 2, TODAY)
    await lives(home, 1, TODAY + timedelta(days=300))
    with pytest.raises(MergeConflictError) as refused:
        await merged(database, clock, 2, 1)
    await residences.annul(theirs, request())
    clock.now += HOUR
    await merged(database, clock, 2, 1)

    assert refused.value.metadata == {
        "entries": ", ".join(sorted((f"registration:{ours}", f"registration:{theirs}")))
    }
    assert len(await told(database, 1)) == 3


@pytest.mark.postgres
async def test_guests_and_absences_follow_and_go_back(database: Database) -> None:
    """One person is counted once a night; what is sealed opens, and as known before there were two."""
    clock = StoppedClock()
    home, inn = (await add_building(database, 2)).dwelling_ids
    await residence_operations(database, clock).register(application(home, 1), "request-1", b"x")
    await residence_operations(database, clock).register(
        application(inn, 2, kind=ResidenceKind.TEMPORARY, valid_until=date(2027, 11, 1)),
        "request-2",
        b"x",
    )
    await stays_of(database, clock).declare(lodging(inn, number(1)), RECEIPT, request())
    await absences_of(database, clock).declare(away(TODAY), RECEIPT, request())
    counts = OccupancyQueries(database, clock)
    tonight, before = ward_time(TODAY, 23), clock.now

    async def present(known_at: datetime | None = None) -> list[int]:
        return [
            (await counts.of_dwelling(one, tonight, known_at))[0].counts.present
            for one in (home, inn)
        ]

    apart = await present()
    clock.now += HOUR
    merge_id = await merged(database, clock, 1, 2)
    together, as_known = await present(), await present(before)
    with pytest.raises(DomainError):
        await stays_of(database, clock).declare(lodging(home, number(1)), RECEIPT, request())
    stays = tables.guest_stays.c
    async with database.transaction() as tx:
        held = (
            await tx.execute(select(tables.guest_stays).where(stays.superseded_at.is_(None)))
        ).one()
    clock.now += HOUR
    await parted(database, clock, merge_id)

    # Absent from home, present at the inn as a guest and as another resident; then one person who is absent but lodges.
    assert (apart, together, as_known) == ([0, 2], [0, 1], [0, 2])
    assert held.guest_index == SEAL.blind_index(number(2))
    assert (
        PARTICULARS.open(held.particulars_sealed, held.stay_id)["personal_id_number"]
        == number(1).digits
    )
    assert await present() == apart


@pytest.mark.postgres
async def test_a_person_belongs_to_one_household_and_back_to_the_former(
    database: Database,
) -> None:
    """Days on which both records belong to one stay with the surviving record, and are given back."""
    clock = StoppedClock()
    home, other = (await add_building(database, 2)).dwelling_ids
    residences = residence_operations(database, clock)
    founding = HouseholdChoice(founds=True)
    await residences.register(replace(application(home, 1), household=founding), "request-1", b"x")
    temporary = application(
        other,
        2,
        kind=ResidenceKind.TEMPORARY,
        valid_from=date(2026, 10, 1),
        valid_until=date(2027, 3, 1),
    )
    await residences.register(replace(temporary, household=founding), "request-2", b"x")
    members = tables.household_memberships.c
    holding = (
        select(
            tables.persons.c.number_index,
            members.valid_from,
            members.valid_until,
            members.relationship_to_householder,
        )
        .join(tables.persons, tables.persons.c.person_id == members.person_id)
        .where(members.superseded_at.is_(None))
        .order_by(members.valid_from)
    )

    async def belonging() -> list[tuple[int, date, date | None, str]]:
        serials = {SEAL.blind_index(number(serial)): serial for serial in (1, 2)}
        async with database.transaction() as tx:
            return [(serials[row[0]], *row[1:]) for row in await tx.execute(holding)]

    apart = await belonging()
    clock.now += HOUR
    merge_id = await merged(database, clock, 2, 1)
    together = await belonging()
    clock.now += HOUR
    await parted(database, clock, merge_id)

    assert together == [
        (1, date(2026, 10, 1), date(2026, 11, 1), HOUSEHOLDER),
        (1, date(2026, 11, 1), None, HOUSEHOLDER),
    ]
    lives: dict[int, set[date]] = {}
    for serial, begins, ends, _ in await belonging():
        days = range(((ends or date(2027, 3, 1)) - begins).days)
        lives.setdefault(serial, set()).update(begins + timedelta(days=day) for day in days)
    assert [serial for serial, *_ in apart] == [2, 1]
    assert min(lives[2]) == date(2026, 10, 1)
    assert max(lives[2]) == date(2027, 2, 28)
    assert len(lives[2]) == (date(2027, 3, 1) - date(2026, 10, 1)).days


@pytest.mark.postgres
async def test_either_number_finds_and_registers_the_person(database: Database) -> None:
    """Under the name of either record; a third name is still not that person's."""
    clock, line = StoppedClock(), database.line()
    home = (await add_building(database)).dwelling_ids[0]
    residences = residence_operations(database, clock)
    names = {1: "Phạm Thị Giả Định", 2: "Phạm Thị Giả Đinh"}
    for serial, name in names.items():
        async with database.transaction() as tx:
            entering = application(home, serial, full_name=name)
            await residence.find_or_enter_person(tx, entering, SEAL, uuid4(), clock.now)
    merge_id = await merged(database, clock, 2, 1)
    years = [date(2020 + two, 1, 1) for two in range(4)]
    for serial, name, year in ((1, names[1], 0), (2, names[2], 1), (2, names[1], 2)):
        entering = application(
            home, serial, full_name=name, valid_from=years[year], valid_until=years[year + 1]
        )
        await residences.register(entering, str(uuid4()), b"x")
    with pytest.raises(PermanentResidenceExistsError):
        await residences.register(
            application(home, 2, full_name=names[2], valid_from=years[0]), str(uuid4()), b"x"
        )
    with pytest.raises(IdentityMismatchError):
        await residences.register(
            application(home, 2, full_name="Trần Văn Ví Dụ"), str(uuid4()), b"x"
        )
    by_both = [await told(database, serial) for serial in names]
    together = await AccountQueries(database).names_of(SEAL.blind_index(number(2)))
    acting("officer-1")
    await parted(database, clock, merge_id)
    await line.close()

    assert by_both[0] == by_both[1] == [(home, years[one], years[one + 1]) for one in range(3)]
    assert set(together.theirs) == {Named(SEAL.pseudonym(number(serial))) for serial in names}
    # What was entered while they were one stays with the record that stood for both.
    assert [await told(database, serial) for serial in names] == [by_both[0], []]
    apart = await AccountQueries(database).names_of(SEAL.blind_index(number(2)))
    assert apart == Names(theirs=[Named(SEAL.pseudonym(number(2)))])


@pytest.mark.postgres
async def test_who_was_merged_by_mistake_is_told_of_looks_at_either_record(
    database: Database,
) -> None:
    """Until they were parted, a look under the number of any of them showed what was held of all."""
    clock, line, hour = StoppedClock(), database.line(), timedelta(hours=1)
    async with database.transaction() as tx:
        for serial in (1, 2, 3):
            applying = application(uuid4(), serial)
            await residence.find_or_enter_person(tx, applying, SEAL, uuid4(), NOON)
    by_mistake = await merged(database, clock, 2, 1)
    clock.now += hour
    rightly = await merged(database, clock, 3, 1)
    clock.now += hour
    await parted(database, clock, by_mistake)
    names = [
        await AccountQueries(database).names_of(SEAL.blind_index(number(serial)))
        for serial in (1, 2, 3)
    ]
    clock.now += hour
    await parted(database, clock, rightly)
    third = await AccountQueries(database).names_of(SEAL.blind_index(number(3)))
    await line.close()

    def name(serial: int, *hours: int) -> Named:
        return Named(SEAL.pseudonym(number(serial)), *(NOON + hour * after for after in hours))

    assert set(names[0].theirs) == set(names[2].theirs) == {name(1), name(3), name(2, 0, 2)}
    assert set(names[1].theirs) == {name(2), name(1, 0, 2), name(3, 1, 2)}
    assert set(third.theirs) == {name(3), name(1, 1, 3), name(2, 1, 2)}
    assert not any(one.anothers for one in (*names, third))


@pytest.mark.postgres
async def test_a_merge_is_kept_as_it_was(database: Database, test_database: TestDatabase) -> None:
    """Not even the owner of the tables changes it, nor its decisions; it is undone once, by somebody else."""
    clock = StoppedClock()
    async with database.transaction() as tx:
        for serial in (1, 2):
            await residence.find_or_enter_person(
                tx, application(uuid4(), serial), SEAL, uuid4(), NOON
            )
    merge_id = await merged(database, clock, 2, 1)
    acting("officer-2")
    with pytest.raises(SecondPersonRequiredError):
        await merging(database, clock).undo(merge_id, "nhầm", request())
    asked = request()
    acting("officer-1")
    await merging(database, clock).undo(merge_id, "hai người khác nhau", asked)
    await merging(database, clock).undo(merge_id, "hai người khác nhau", asked)
    with pytest.raises(MergeAlreadyUndoneError):
        await merging(database, clock).undo(merge_id, "hai người khác nhau", request())
    owner = Database.connect(test_database.owner_url)
    for change in (
        "update person_merges set reason = 'khác'",
        "update person_merges set undone_by = 'ai khác'",
        "delete from person_merges",
        "update duplicate_decisions set reason = 'khác'",
        "truncate duplicate_decisions",
    ):
        with pytest.raises(DBAPIError):
            async with owner.transaction() as tx:
                await tx.execute(text(change))
    await owner.close()
    # The pair is open again, and can be merged the other way round.
    assert await merged(database, clock, 1, 2) != merge_id


@pytest.mark.postgres
async def test_who_waits_for_a_merge_finds_the_person_who_stands(database: Database) -> None:
    """A registration under the losing number that began before the merge was committed is the surviving one's."""
    clock = StoppedClock()
    home = (await add_building(database)).dwelling_ids[0]
    async with database.transaction() as tx:
        ids = [
            await residence.find_or_enter_person(
                tx, application(home, serial), SEAL, uuid4(), NOON
            )
            for serial in (1, 2)
        ]
    people = tables.persons.c
    async with database.transaction() as tx:
        await tx.execute(
            select(people.person_id)
            .where(people.person_id.in_(ids))
            .with_for_update(key_share=True)
        )
        await tx.execute(
            update(tables.persons).where(people.person_id == ids[1]).values(merged_into=ids[0])
        )
        waiting = asyncio.create_task(
            residence_operations(database, clock).register(application(home, 2), "request-1", b"x")
        )
        blocked = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
        async with asyncio.timeout(30), database.engine.connect() as watching:
            while not (await watching.execute(blocked)).scalar():
                await watching.rollback()
    await waiting
    entries = tables.registrations.c
    async with database.transaction() as tx:
        assert (await tx.scalars(select(entries.person_id))).all() == [ids[0]]


@pytest.mark.postgres
async def test_the_records_of_a_person_are_found_by_indexes(database: Database) -> None:
    """However long the register is: no plan of it reads all persons where it can be avoided."""
    statement = records_of(holder_of_record(uuid4()))
    written = statement.compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    async with database.transaction() as tx:
        await tx.execute(text("set local enable_seqscan = off"))
        plan = "\n".join((await tx.scalars(text(f"explain {written}"))).all())

    assert "ix_persons_merged_into" in plan
    assert "Seq Scan" not in plan
