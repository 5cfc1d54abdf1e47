"""Stays and absences in the database: what they refuse, what they change, and as it was known."""

import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from chassis.clock import ward_time
from chassis.sealing import Seal
from chassis.storage.database import Database
from residency import tables
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import ParticularsSeal
from residency.domain.places.buildings import DwellingNotFoundError
from residency.domain.residence.absences import (
    AbsenceContent,
    AbsenceCorrection,
    AbsenceDeclaration,
    AbsenceGround,
)
from residency.domain.residence.occupancy import Counts, StayKind
from residency.domain.residence.registrations import EntrySupersededError, Term
from residency.domain.residence.stays import (
    Channel,
    Guest,
    LodgingTooLongError,
    Receipt,
    StayAlreadyEndedError,
    StayCorrection,
    StayDeclaration,
    StayNotFoundError,
    StayOverlapsError,
)
from residency.operations.absences import AbsenceOperations
from residency.operations.keys import KeyOperations
from residency.operations.stays import StayOperations
from residency.queries.occupancy import OccupancyQueries
from residency.repository.stays import declaration_of
from tests.residency.samples import (
    ENCRYPTION_KEY,
    NOON,
    PARTICULARS,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    application,
    number,
    relay,
    request,
    residence_operations,
    upkeep,
    waiting_events,
)

pytestmark = pytest.mark.postgres

TONIGHT = ward_time(TODAY, 22)
TOMORROW = TODAY + timedelta(days=1)
RECEIPT = Receipt(NOON, Channel.PHONE)
PASSPORT = PassportNumber("LAO", "P0000000")


def stays_of(database: Database, clock: StoppedClock | None = None) -> StayOperations:
    """Make the operations of stays."""
    clock = clock or StoppedClock()
    return StayOperations(database, relay(database, clock), clock, SEAL, PARTICULARS)


def absences_of(database: Database, clock: StoppedClock | None = None) -> AbsenceOperations:
    """Make the operations of absences."""
    clock = clock or StoppedClock()
    return AbsenceOperations(database, relay(database, clock), clock, SEAL, PARTICULARS)


def lodging(
    dwelling_id: UUID,
    document: PersonalIdNumber | PassportNumber = number(5),  # noqa: B008 - a value
    *,
    kind: StayKind = StayKind.LODGING,
    arrives_at: datetime = TONIGHT,
    leaves_on: date | None = TOMORROW,
) -> StayDeclaration:
    """Declare a guest of tonight."""
    guest = Guest(
        document=document,
        full_name=FullName("Khách Giả Định"),
        birth_date=PartialDate(1990, 5),
        nationality="VNM" if kind is not StayKind.FOREIGN else "LAO",
        sex=Sex.FEMALE if kind is StayKind.FOREIGN else None,
    )
    return StayDeclaration(dwelling_id, kind, guest, "thăm người thân", arrives_at, leaves_on)


def away(valid_from: date = TODAY, valid_until: date | None = None) -> AbsenceDeclaration:
    """Declare the person of `application()` absent."""
    term = Term(valid_from, valid_until)
    content = AbsenceContent(AbsenceGround.LONG_ABSENCE, "đi làm", "Hà Nội", term)
    return AbsenceDeclaration(number(), content)


async def counted(
    database: Database, dwelling_id: UUID, at: datetime = TONIGHT, known_at: datetime | None = None
) -> Counts:
    """Count the dwelling at an instant, as the register tells it."""
    queries = OccupancyQueries(database, StoppedClock())
    return (await queries.of_dwelling(dwelling_id, at, known_at))[0].counts


def numbers(counts: Counts) -> tuple[int, int, int, int, int]:
    """Give registered, absent, lodging, foreign and present."""
    told = (counts.registered, counts.absent, counts.lodging, counts.foreign)
    return (*told, counts.present)


async def test_everybody_is_counted_apart_and_once(database: Database) -> None:
    """A resident who went away and lodges here has come back; a guest who is registered here is registered."""
    (home,) = (await add_building(database)).dwelling_ids
    residences, stays = residence_operations(database), stays_of(database)
    for serial in (1, 2):
        await residences.register(application(home, serial), f"request-000{serial}", b"x")
    await absences_of(database).declare(away(), RECEIPT, request())
    before = await counted(database, home)
    await stays.declare(lodging(home, number(2)), RECEIPT, request())
    await stays.declare(lodging(home, number(3)), RECEIPT, request())
    await stays.declare(lodging(home, PASSPORT, kind=StayKind.FOREIGN), RECEIPT, request())
    often = lodging(home, number(4), kind=StayKind.STANDING, leaves_on=None)
    await stays.declare(often, RECEIPT, request())
    after = await counted(database, home)
    await stays.declare(lodging(home, number()), RECEIPT, request())
    returned = await counted(database, home)
    await upkeep(database, StoppedClock(TONIGHT)).recount_due()
    last = (await waiting_events(database))[-1]

    assert numbers(before) == (2, 1, 0, 0, 1)
    assert numbers(after) == (2, 1, 1, 1, 3)
    assert after.standing == 1
    assert numbers(returned) == (2, 1, 2, 1, 4)
    assert (last.registered, last.absent, last.lodging, last.foreign) == (2, 1, 2, 1)
    assert last.version == 9


async def test_guests_of_a_night_leave_the_next_noon_by_themselves(database: Database) -> None:
    """The timer publishes it once; declared ahead, the stay begins when they come."""
    (home,) = (await add_building(database)).dwelling_ids
    clock = StoppedClock(NOON - timedelta(days=2))
    await stays_of(database, clock).declare(lodging(home), RECEIPT, request())
    told = []
    for day, hour in ((TODAY, 0), (TODAY, 22), (TOMORROW, 11), (TOMORROW, 12), (TOMORROW, 13)):
        clock.now = ward_time(day, hour)
        await upkeep(database, clock).recount_due()
        told.append((await waiting_events(database))[-1])

    assert [(one.version, one.lodging, one.present) for one in told] == [
        (1, 0, 0),
        (2, 1, 1),
        (2, 1, 1),
        (3, 0, 0),
        (3, 0, 0),
    ]


async def test_what_a_clock_ahead_counted_is_counted_anew_once_it_is_set_right(
    database: Database,
) -> None:
    """Tonight's guest was told to have left; whoever was counted by the right clock is not counted again."""
    home, other = (await add_building(database, dwellings=2)).dwelling_ids
    clock = StoppedClock(TONIGHT)
    stays = stays_of(database, clock)
    await stays.declare(lodging(home), RECEIPT, request())
    longer = lodging(other, number(6), leaves_on=TODAY + timedelta(days=5))
    await stays.declare(longer, RECEIPT, request())
    told = []
    for now in (TONIGHT + timedelta(days=1), TONIGHT + timedelta(minutes=1)):
        clock.now = now
        before = len(await waiting_events(database))
        for _ in range(2):
            await upkeep(database, clock).recount_due()
        told.append((await waiting_events(database))[before:])

    assert [[one.dwelling.dwelling_id for one in by_clock] for by_clock in told] == [
        [str(home)]
    ] * 2
    assert [one.present for by_clock in told for one in by_clock] == [0, 1]
    assert [one.version for by_clock in told for one in by_clock] == [2, 3]


async def test_who_comes_past_midnight_counts_until_noon_of_the_day_they_leave(
    database: Database,
) -> None:
    """Nobody else has the guest that night; the next they may be anywhere."""
    home, other = (await add_building(database, dwellings=2)).dwelling_ids
    past_midnight = ward_time(TOMORROW) + timedelta(minutes=30)
    clock = StoppedClock(past_midnight)
    stays = stays_of(database, clock)
    late = lodging(home, arrives_at=past_midnight, leaves_on=TOMORROW)
    await stays.declare(late, Receipt(past_midnight, Channel.PHONE), request())
    with pytest.raises(StayOverlapsError):
        await stays.declare(lodging(other), RECEIPT, request())
    next_night = lodging(
        other, arrives_at=ward_time(TOMORROW, 20), leaves_on=TOMORROW + timedelta(days=1)
    )
    await stays.declare(next_night, RECEIPT, request())
    hours = (0, 1, 11, 12, 22)
    seen = [(await counted(database, home, ward_time(TOMORROW, one))).lodging for one in hours]
    clock.now = ward_time(TOMORROW, 12)
    await upkeep(database, clock).recount_due()
    told = (await waiting_events(database))[-1]

    assert seen == [0, 1, 1, 0, 0]
    assert (told.dwelling.dwelling_id, told.lodging) == (str(home), 0)


async def test_who_leaves_for_another_dwelling_is_never_in_both(database: Database) -> None:
    """Until the arrival in the one, from then on in the other, told of both; who stays on in one is never away."""
    first, second = (await add_building(database, dwellings=2)).dwelling_ids
    clock = StoppedClock()
    stays = stays_of(database, clock)
    since = ward_time(TODAY, 8)
    await stays.declare(lodging(first, arrives_at=since), RECEIPT, request())
    await stays.declare(lodging(first, number(6), arrives_at=since), RECEIPT, request())
    on_the_way = ward_time(TOMORROW, 9)
    after = TOMORROW + timedelta(days=1)
    moving = lodging(second, arrives_at=on_the_way, leaves_on=after)
    await stays.declare(moving, RECEIPT, request())
    longer = lodging(first, number(6), arrives_at=ward_time(TOMORROW, 20), leaves_on=after)
    await stays.declare(longer, RECEIPT, request())
    seen = [
        [(await counted(database, home, ward_time(TOMORROW, hour))).lodging for hour in (8, 9, 15)]
        for home in (first, second)
    ]
    # Declared when they had come: the dwelling that they left is told as well.
    clock.now = on_the_way
    late = number(7)
    await stays.declare(lodging(first, late, arrives_at=since), RECEIPT, request())
    before = len(await waiting_events(database))
    arrived = lodging(second, late, arrives_at=on_the_way, leaves_on=after)
    arrived_id = await stays.declare(arrived, RECEIPT, request())
    there = (await waiting_events(database))[before:]
    await stays.annul(arrived_id, request())
    back = (await waiting_events(database))[before + 2 :]

    assert seen == [[2, 1, 1], [0, 1, 1]]
    assert {one.dwelling.dwelling_id: one.lodging for one in there} == {
        str(first): 1,
        str(second): 2,
    }
    assert {one.dwelling.dwelling_id: one.lodging for one in back} == {
        str(first): 2,
        str(second): 1,
    }


async def test_nobody_spends_one_night_in_two_dwellings(database: Database) -> None:
    """The next dwelling takes the guest on the day of leaving; relatives who come often may have several."""
    first, second = (await add_building(database, dwellings=2)).dwelling_ids
    stays = stays_of(database)
    await stays.declare(lodging(first), RECEIPT, request())
    with pytest.raises(StayOverlapsError):
        await stays.declare(lodging(second), RECEIPT, request())
    with pytest.raises(StayOverlapsError):
        await stays.declare(lodging(first), RECEIPT, request())
    following = lodging(
        second, arrives_at=ward_time(TOMORROW, 9), leaves_on=TOMORROW + timedelta(days=2)
    )
    await stays.declare(following, RECEIPT, request())
    for home in (first, second):
        often = lodging(home, kind=StayKind.STANDING, leaves_on=None)
        await stays.declare(often, RECEIPT, request())

    assert (await counted(database, second, ward_time(TOMORROW, 20))).lodging == 1
    with pytest.raises(DwellingNotFoundError):
        await stays.declare(lodging(UUID(int=9), number(9)), RECEIPT, request())


async def test_thirty_days_in_one_dwelling_are_no_lodging(database: Database) -> None:
    """Neither at once nor in pieces; the second piece is refused whoever asks."""
    (home,) = (await add_building(database)).dwelling_ids
    stays = stays_of(database)
    middle = TODAY + timedelta(days=29)
    await stays.declare(lodging(home, leaves_on=middle), RECEIPT, request())
    one_more = lodging(
        home, arrives_at=ward_time(middle, 20), leaves_on=middle + timedelta(days=1)
    )
    with pytest.raises(LodgingTooLongError):
        await stays.declare(one_more, RECEIPT, request())


LATE = [
    # Kind, remote area, hours from arrival to receipt, late.
    (StayKind.LODGING, False, 0, False),
    (StayKind.LODGING, False, 1, True),
    (StayKind.FOREIGN, False, 11, False),
    (StayKind.FOREIGN, False, 12, True),
    (StayKind.FOREIGN, True, 12, False),
    (StayKind.FOREIGN, True, 24, True),
]


async def test_a_late_declaration_is_taken_and_marked(database: Database) -> None:
    """Of a guest who came at 22:00: before 23:00, a foreigner within 12 hours, in a remote area 24."""
    near, far = await add_building(database), await add_building(database)
    async with database.transaction() as tx:
        is_far = tables.buildings.c.building_id == far.building_id
        await tx.execute(update(tables.buildings).where(is_far).values(remote_area=True))
    stays = stays_of(database, StoppedClock(TONIGHT + timedelta(days=3)))
    expected = {}
    for serial, (kind, remote, hours, late) in enumerate(LATE):
        receipt = replace(RECEIPT, received_at=TONIGHT + timedelta(hours=hours))
        document = PassportNumber("LAO", f"P000000{serial}")
        (home,) = (far if remote else near).dwelling_ids
        declared = lodging(home, document, kind=kind)
        expected[await stays.declare(declared, receipt, request())] = late
    columns = tables.guest_stays.c
    marked = columns.received_at >= columns.declare_by
    async with database.transaction() as tx:
        rows = await tx.execute(select(columns.stay_id, marked.label("late")))
        told = {row.stay_id: row.late for row in rows}

    assert told == expected


async def test_a_corrected_stay_counts_where_it_should_have_been(database: Database) -> None:
    """Both dwellings are published; what was known before is told as it was; the receipt stays."""
    wrong, right = (await add_building(database, dwellings=2)).dwelling_ids
    clock = StoppedClock()
    stays = stays_of(database, clock)
    stay_id = await stays.declare(lodging(wrong), RECEIPT, request())
    clock.now = NOON + timedelta(hours=1)
    correction = StayCorrection(lodging(right), None)
    asked = request()
    new_id = await stays.correct(stay_id, correction, asked)
    again = await stays.correct(stay_id, correction, asked)
    with pytest.raises(EntrySupersededError):
        await stays.correct(stay_id, correction, request())
    foreign = StayCorrection(lodging(right, PASSPORT, kind=StayKind.FOREIGN), None)
    with pytest.raises(StayNotFoundError):
        await stays.correct(new_id, foreign, request())
    columns = tables.guest_stays.c
    async with database.transaction() as tx:
        row = (
            await tx.execute(select(tables.guest_stays).where(columns.corrects == stay_id))
        ).one()
    before = {
        home: (await counted(database, home, known_at=NOON)).lodging for home in (wrong, right)
    }
    after = {home: (await counted(database, home)).lodging for home in (wrong, right)}

    assert again == new_id == row.stay_id
    assert row.received_at == NOON
    assert (before, after) == ({wrong: 1, right: 0}, {wrong: 0, right: 1})


async def test_who_leaves_early_or_never_comes_is_not_counted(database: Database) -> None:
    """A stay ends once, not in the future; one to come is annulled."""
    (home,) = (await add_building(database)).dwelling_ids
    clock = StoppedClock()
    stays = stays_of(database, clock)
    staying = lodging(home, leaves_on=TODAY + timedelta(days=5))
    left = await stays.declare(staying, RECEIPT, request())
    coming = await stays.declare(lodging(home, number(6)), RECEIPT, request())
    clock.now = ward_time(TOMORROW, 13)
    await stays.end(left, TOMORROW, request())
    with pytest.raises(StayAlreadyEndedError):
        await stays.end(left, TOMORROW, request())
    await stays.annul(coming, request())
    with pytest.raises(EntrySupersededError):
        await stays.annul(coming, request())
    with pytest.raises(StayNotFoundError):
        await stays.end(UUID(int=9), TOMORROW, request())

    assert (await counted(database, home)).lodging == 1
    assert (await counted(database, home, ward_time(TOMORROW, 13))).lodging == 0
    assert (await counted(database, home, known_at=NOON)).lodging == 2


async def test_an_absence_is_corrected_ended_and_annulled(database: Database) -> None:
    """One at a time; the person is there again from the day of return on."""
    (home,) = (await add_building(database)).dwelling_ids
    clock = StoppedClock()
    await residence_operations(database, clock).register(application(home), "request-0001", b"x")
    absences = absences_of(database, clock)
    asked = request()
    first = await absences.declare(away(date(2026, 11, 10)), RECEIPT, asked)
    assert await absences.declare(away(date(2026, 11, 10)), RECEIPT, asked) == first
    with pytest.raises(StayOverlapsError):
        await absences.declare(away(), RECEIPT, request())
    wrong_then = (await counted(database, home, ward_time(date(2026, 11, 15)))).absent
    later = AbsenceCorrection(away(date(2026, 11, 20)).content, None)
    clock.now = NOON + timedelta(hours=1)
    second = await absences.correct(first, later, request())
    right_then = (await counted(database, home, ward_time(date(2026, 11, 15)))).absent
    await absences.end(second, TODAY, request())
    back = await counted(database, home)
    meanwhile = await counted(database, home, ward_time(date(2026, 11, 21)))
    third = await absences.declare(away(), RECEIPT, request())
    gone = await counted(database, home)
    await absences.annul(third, request())

    assert (wrong_then, right_then) == (1, 0)
    assert (back.absent, meanwhile.absent, gone.absent) == (0, 1, 1)
    assert (await counted(database, home)).present == 1
    with pytest.raises(StayNotFoundError):
        await absences.end(UUID(int=9), TODAY, request())


async def test_names_documents_and_reasons_lie_sealed(database: Database) -> None:
    """Nothing of them is in a row; they are sealed anew with everything else when the key changes."""
    (home,) = (await add_building(database)).dwelling_ids
    await residence_operations(database).register(application(home), "request-0001", b"x")
    stays = stays_of(database)
    stay_id = await stays.declare(lodging(home), RECEIPT, request())
    foreign = lodging(home, PASSPORT, kind=StayKind.FOREIGN)
    await stays.declare(foreign, RECEIPT, request())
    await absences_of(database).declare(away(), RECEIPT, request())
    async with database.transaction() as tx:
        stays_kept = (
            await tx.execute(text("select row_to_json(kept)::text from guest_stays kept"))
        ).all()
        absences_kept = (
            await tx.execute(text("select row_to_json(kept)::text from absences kept"))
        ).all()
    keys = KeyOperations(database, Seal([b"n" * 32, ENCRYPTION_KEY], os.urandom))
    renewed = [done async for done in keys.renew_all()]
    columns = tables.guest_stays.c
    async with database.transaction() as tx:
        row = (
            await tx.execute(select(tables.guest_stays).where(columns.stay_id == stay_id))
        ).one()
    opened = declaration_of(row, ParticularsSeal(Seal([b"n" * 32], os.urandom)))

    kept = [row[0] for row in (*stays_kept, *absences_kept)]
    assert len(kept) == 3
    for secret in ("Khách", "P0000000", number(5).digits, "người thân", "Hà Nội"):
        assert not any(secret in row or secret.encode().hex() in row for row in kept)
    # The resident's number, the two guests, the absence.
    assert renewed == [1, 2, 1]
    assert opened == lodging(home)
