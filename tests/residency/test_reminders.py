"""Reminders: of terms that end, of tenancies, and of lodging houses' lists; each once."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Self
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from chassis.clock import ward_time
from chassis.storage.database import Database
from residency import tables
from residency.domain.cases.declarations import (
    Change,
    NewResidence,
    Renewal,
    Signatory,
)
from residency.domain.cases.machine import Caller
from residency.domain.persons.nationality import VIETNAM
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.protection.break_glass import PremisesPlace
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.registrations import Correction, ResidenceKind, Term
from residency.domain.residence.reminders import ReminderKind, ReminderTimes
from residency.domain.residence.stays import Channel, Guest, Receipt, StayDeclaration
from residency.operations.break_glass import BreakGlassOperations
from residency.operations.cases import CaseOperations, Request
from residency.operations.reminders import ReminderOperations
from residency.operations.stays import StayOperations
from residency.repository.cases import CaseSeal
from tests.residency.samples import (
    CONTENT_SEAL,
    NOON,
    PARTICULARS,
    SEAL,
    StoppedClock,
    add_building,
    application,
    number,
    relay,
    request,
    residence_operations,
)
from tests.residency.test_case_locks import declaration
from ward.residency.v1 import reminders_pb2 as pb

pytestmark = pytest.mark.postgres

ENDS = date(2027, 11, 1)
WARD = "11002"
CITIZEN = Caller("citizen-1", is_officer=False)
OFFICER = Caller("officer-1", is_officer=True)
SECOND_OFFICER = Caller("officer-2", is_officer=True)


@dataclass
class Reminders:
    """What reminds on one database, at a clock that is set; each look is by an instance of its own."""

    database: Database
    clock: StoppedClock = field(default_factory=StoppedClock)

    async def look(self, day: date, hour: int = 12) -> list[pb.ReminderDue]:
        """Look at an hour of the ward's day; tell the reminders that were published by it."""
        self.clock.now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
            hours=hour - 7
        )
        before = await self.published()
        instance = ReminderOperations(self.database, relay(self.database, self.clock), self.clock)
        assert not await instance.remind()
        return (await self.published())[len(before) :]

    async def published(self) -> list[pb.ReminderDue]:
        """Read all reminders in the outbox, in order."""
        columns = tables.outbox.c
        statement = (
            select(columns.payload)
            .where(columns.subject == pb.ReminderDue.DESCRIPTOR.full_name)
            .order_by(columns.position)
        )
        async with self.database.transaction() as tx:
            return [pb.ReminderDue.FromString(one) for one in await tx.scalars(statement)]


async def temporary(database: Database, dwelling_id: UUID, serial: int = 1) -> UUID:
    """Register temporary residence until ENDS."""
    applied = application(
        dwelling_id,
        serial,
        kind=ResidenceKind.TEMPORARY,
        valid_until=ENDS,
    )
    return await residence_operations(database).register(applied, str(uuid4()), b"digest")


def kinds(told: list[pb.ReminderDue]) -> list[str]:
    """Tell what reminders are about."""
    return [pb.ReminderKind.Name(one.kind).removeprefix("REMINDER_KIND_") for one in told]


async def test_a_term_is_told_of_in_its_last_days_and_at_its_end_once_each(
    database: Database,
) -> None:
    """Fifteen days before, and on the first day no longer valid; whoever looks again is told nothing."""
    reminders = Reminders(database)
    place = await add_building(database)
    registration_id = await temporary(database, place.dwelling_ids[0])
    early = await reminders.look(ENDS - timedelta(days=16))
    opened = await reminders.look(ENDS - timedelta(days=15))
    again = await reminders.look(ENDS - timedelta(days=1))
    ended = await reminders.look(ENDS)
    later = await reminders.look(ENDS + timedelta(days=3))

    assert early == again == later == []
    assert kinds(opened) == ["RENEWAL_OPEN"]
    assert kinds(ended) == ["TERM_ENDED"]
    for one in (*opened, *ended):
        assert one.registration_id == str(registration_id)
        assert one.dwelling_id == str(place.dwelling_ids[0])
        assert (one.day.year, one.day.month, one.day.day) == (2027, 11, 1)
        assert number().digits.encode() not in one.SerializeToString()


async def test_what_was_renewed_or_ended_before_is_told_of_no_more(database: Database) -> None:
    """Nor is what ended so long ago that a reminder helps nobody, nor permanent residence."""
    reminders = Reminders(database)
    place = await add_building(database)
    await temporary(database, place.dwelling_ids[0])
    renewed = application(
        place.dwelling_ids[0],
        kind=ResidenceKind.TEMPORARY,
        valid_from=ENDS,
        valid_until=date(2028, 11, 1),
    )
    registers = residence_operations(database)
    await registers.register(renewed, str(uuid4()), b"digest")
    moved = await temporary(database, place.dwelling_ids[0], 2)
    await registers.end(moved, date(2026, 11, 20), str(uuid4()), b"digest")
    permanent = application(place.dwelling_ids[0], 3)
    await registers.register(permanent, str(uuid4()), b"digest")
    told = [await reminders.look(ENDS - timedelta(days=1)), await reminders.look(ENDS)]
    await temporary(database, place.dwelling_ids[0], 4)
    late = await reminders.look(ENDS + timedelta(days=31))

    assert told == [[], []]
    assert late == []


async def test_who_lives_on_in_the_dwelling_is_told_of_no_end(database: Database) -> None:
    """Permanently, since before the term ends; who is permanently resident elsewhere does not live on there."""
    reminders = Reminders(database)
    place, other = await add_building(database), await add_building(database)
    registers = residence_operations(database)
    await temporary(database, place.dwelling_ids[0])
    for_good = application(place.dwelling_ids[0], valid_from=date(2027, 5, 1))
    await registers.register(for_good, str(uuid4()), b"digest")
    leaving = await temporary(database, place.dwelling_ids[0], 2)
    elsewhere = application(other.dwelling_ids[0], 2, valid_from=date(2027, 5, 1))
    await registers.register(elsewhere, str(uuid4()), b"digest")
    opened = await reminders.look(ENDS - timedelta(days=15))
    ended = await reminders.look(ENDS)

    told = [(one.registration_id, *kinds([one])) for one in (*opened, *ended)]
    assert told == [(str(leaving), "RENEWAL_OPEN"), (str(leaving), "TERM_ENDED")]


@dataclass
class CaseDesk:
    """A rented dwelling, and cases about somebody who lives there."""

    reminders: Reminders
    home: UUID

    @classmethod
    async def open(cls, database: Database) -> Self:
        """Make the dwelling."""
        place = await add_building(database)
        async with database.transaction() as tx:
            await tx.execute(update(tables.dwellings).values(legal_basis="RENTED"))
        return cls(Reminders(database), place.dwelling_ids[0])

    def __post_init__(self) -> None:
        """Work on the same database, at the same clock."""
        database, clock = self.reminders.database, self.reminders.clock
        seal = CaseSeal(CONTENT_SEAL)
        self.cases = CaseOperations(database, relay(database, clock), clock, SEAL, seal, WARD)

    async def accepted(self, change: Change) -> str:
        """Bring a case to acceptance; tell its number."""
        asked = replace(
            declaration([number()], change),
            requested_content="Đề nghị giải quyết",
            signatories=frozenset({Signatory.DECLARANT}),
        )
        case_number = (await self.cases.create(CITIZEN, asked, str(uuid4()), b"x")).case_number
        await self.cases.submit(moving(CITIZEN, case_number))
        await self.cases.accept(moving(OFFICER, case_number))
        return case_number

    async def settled(self) -> tuple[str, UUID]:
        """Register temporary residence until ENDS; tell the case's number and the registration."""
        term = Term(date(2026, 11, 1), ENDS)
        case_number = await self.accepted(NewResidence(ResidenceKind.TEMPORARY, self.home, term))
        await self.cases.see_original(moving(OFFICER, case_number))
        await self.cases.approve(moving(SECOND_OFFICER, case_number), "")
        async with self.reminders.database.transaction() as tx:
            entered = await tx.scalars(select(tables.case_registrations.c.registration_id))
            return case_number, entered.one()


def moving(caller: Caller, case_number: str) -> Request:
    """Move a case under a new request id."""
    return Request(caller, case_number, str(uuid4()), b"x")


async def test_a_corrected_term_is_told_of_once_to_who_declared_it(database: Database) -> None:
    """By the case that entered what was corrected, and anew only where another day ends it."""
    desk = await CaseDesk.open(database)
    reminders = desk.reminders
    case_number, registration_id = await desk.settled()
    registers = residence_operations(database, reminders.clock)

    async def correct(first: date, until: date) -> None:
        nonlocal registration_id
        right = Correction(Term(first, until), None)
        registration_id = await registers.correct(registration_id, right, request())

    await correct(date(2026, 11, 2), ENDS)
    opened = await reminders.look(ENDS - timedelta(days=15))
    await correct(date(2026, 11, 3), ENDS)
    again = await reminders.look(ENDS - timedelta(days=14))
    await correct(date(2026, 11, 3), ENDS - timedelta(days=2))
    earlier = await reminders.look(ENDS - timedelta(days=13))
    ended = await reminders.look(ENDS - timedelta(days=2))
    await correct(date(2026, 11, 4), ENDS - timedelta(days=2))
    once_more = await reminders.look(ENDS)

    assert again == once_more == []
    assert kinds([*opened, *earlier]) == ["RENEWAL_OPEN", "RENEWAL_OPEN"]
    assert sorted(kinds(ended)) == ["TENANCY_END", "TERM_ENDED"]
    told = [one for one in (*opened, *earlier, *ended) if one.registration_id]
    assert {one.case_number for one in told} == {case_number}


async def test_while_a_renewal_is_to_be_decided_no_term_has_ended(database: Database) -> None:
    """Nor a tenancy, however many days off are between. Of one that waits for the citizen, it has."""
    desk = await CaseDesk.open(database)
    reminders = desk.reminders
    _, registration_id = await desk.settled()
    reminders.clock.now = ward_time(ENDS - timedelta(days=1), 20)
    case_number = await desk.accepted(Renewal(registration_id, date(2028, 11, 1)))
    undecided = await reminders.look(ENDS)
    await desk.cases.request_supplement(moving(OFFICER, case_number), "Chữ ký")
    waiting = await reminders.look(ENDS + timedelta(days=1))

    assert undecided == []
    assert sorted(kinds(waiting)) == ["TENANCY_END", "TERM_ENDED"]


async def test_a_landlord_is_told_once_for_all_tenants_of_a_day(database: Database) -> None:
    """Where the dwelling is rented; the tenants' own reminders are theirs."""
    reminders = Reminders(database)
    place = await add_building(database)
    async with database.transaction() as tx:
        await tx.execute(update(tables.dwellings).values(legal_basis="RENTED"))
    for serial in (1, 2):
        await temporary(database, place.dwelling_ids[0], serial)
    told = await reminders.look(ENDS)
    again = await reminders.look(ENDS)
    (tenancy,) = (one for one in told if one.kind == pb.REMINDER_KIND_TENANCY_END)

    assert sorted(kinds(told)) == ["TENANCY_END", "TERM_ENDED", "TERM_ENDED"]
    assert tenancy.dwelling_id == str(place.dwelling_ids[0])
    assert not tenancy.registration_id
    assert again == []


async def test_lodging_houses_are_asked_for_their_list_every_evening(database: Database) -> None:
    """From ten in the evening on, once a day; other premises never."""
    reminders = Reminders(database)
    glass = BreakGlassOperations(
        database, relay(database, reminders.clock), reminders.clock, SEAL, PARTICULARS, "11002"
    )
    for premises_id, lodging in (("hotel", True), ("market", False)):
        place = PremisesPlace(premises_id, None, 1, lodging)
        await glass.take_premises(uuid4(), place)
    evening = date(2026, 11, 23)
    before = await reminders.look(evening, 21)
    asked = await reminders.look(evening, 22)
    again = await reminders.look(evening, 23)
    next_evening = await reminders.look(evening + timedelta(days=1), 22)

    assert before == again == []
    assert kinds(asked) == kinds(next_evening) == ["LODGING_LIST"]
    assert {one.premises_id for one in (*asked, *next_evening)} == {"hotel"}
    assert [one.day.day for one in (*asked, *next_evening)] == [23, 24]


async def declare_guest(
    database: Database,
    reminders: Reminders,
    received: datetime,
    until: date,
    arrives_at: datetime | None = None,
) -> None:
    """Have the only lodging house declare a guest who arrives then, or as it is received."""
    place = await add_building(database)
    clock = reminders.clock
    parts = (database, relay(database, clock), clock, SEAL)
    hotel = PremisesPlace("hotel", place.building_id, 1, lodging=True)
    await BreakGlassOperations(*parts, PARTICULARS, "11002").take_premises(uuid4(), hotel)
    guest = Guest(
        number(8), FullName.parse("Trần Văn Khách"), PartialDate.parse("1990"), VIETNAM, None
    )
    stay = StayDeclaration(
        place.dwelling_ids[0], StayKind.LODGING, guest, "du lịch", arrives_at or received, until
    )
    receipt = Receipt(received, Channel.LODGING_SOFTWARE)
    await StayOperations(*parts, PARTICULARS).declare(stay, receipt, request())


async def test_a_lodging_house_that_declared_a_guest_is_not_asked(database: Database) -> None:
    """On the day on which it did; the next evening it is."""
    reminders = Reminders(database)
    await declare_guest(database, reminders, NOON, date(2026, 11, 25))

    assert await reminders.look(date(2026, 11, 23), 22) == []
    assert kinds(await reminders.look(date(2026, 11, 24), 22)) == ["LODGING_LIST"]


async def test_a_guest_who_is_to_come_on_a_later_day_is_of_no_list_of_today(
    database: Database,
) -> None:
    """Declared ahead, as it was booked: the guests of tonight are still to be declared."""
    reminders = Reminders(database)
    later = ward_time(date(2026, 11, 25), 15)
    await declare_guest(database, reminders, NOON, date(2026, 11, 26), later)

    assert kinds(await reminders.look(date(2026, 11, 23), 22)) == ["LODGING_LIST"]


async def test_a_service_that_was_stopped_in_the_evening_asks_in_the_night(
    database: Database,
) -> None:
    """Until eight, when the last of that night have to be declared. Who was asked is not asked again.

    Nor by a clock that was set back.
    """
    reminders = Reminders(database)
    glass = BreakGlassOperations(
        database, relay(database, reminders.clock), reminders.clock, SEAL, PARTICULARS, "11002"
    )
    await glass.take_premises(uuid4(), PremisesPlace("hotel", None, 1, lodging=True))
    morning = date(2026, 11, 24)
    too_late = await reminders.look(morning, 8)
    asked = await reminders.look(morning, 7)
    again = [await reminders.look(morning, hour) for hour in (7, 2, -1)]
    that_evening = await reminders.look(morning, 22)

    assert too_late == []
    assert again == [[], [], []]
    assert [one.day.day for one in (*asked, *that_evening)] == [23, 24]


async def test_a_guest_who_was_declared_in_the_night_is_of_the_day_before(
    database: Database,
) -> None:
    """Who declares every guest late, before eight, is reminded of the next evening all the same."""
    reminders = Reminders(database)
    in_the_night = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)  # 01:30 of the 24th
    reminders.clock.now = in_the_night
    await declare_guest(database, reminders, in_the_night, date(2026, 11, 26))

    assert await reminders.look(date(2026, 11, 24), 2) == []
    assert kinds(await reminders.look(date(2026, 11, 24), 22)) == ["LODGING_LIST"]


async def test_many_instances_tell_each_reminder_once(database: Database) -> None:
    """Whoever comes second finds it told; nobody can take it back."""
    reminders = Reminders(database)
    place = await add_building(database)
    for serial in range(1, 6):
        await temporary(database, place.dwelling_ids[0], serial)
    reminders.clock.now = datetime(2027, 11, 1, 5, tzinfo=UTC)
    instances = [
        ReminderOperations(database, relay(database, reminders.clock), reminders.clock)
        for _ in range(4)
    ]
    await asyncio.gather(*(one.remind() for one in instances))
    told = await reminders.published()

    assert len({one.reminder_id for one in told}) == len(told) == 5
    with pytest.raises(Exception, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text("delete from reminders"))


@given(
    ends_on=st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    today=st.dates(date(2026, 1, 1), date(2028, 1, 1)),
)
def test_a_term_is_to_be_renewed_until_the_day_it_ends(ends_on: date, today: date) -> None:
    """And within the days that are looked at, nothing else is said of it."""
    times = ReminderTimes(renewal_days=15, late_days=30, list_hour=22, morning_hour=8)
    first, last = times.terms_ending(today)
    open_ = times.kind_of(ends_on, today) is ReminderKind.RENEWAL_OPEN

    assert open_ is (ends_on > today)
    assert (first <= ends_on <= last) is (-30 <= (ends_on - today).days <= 15)
