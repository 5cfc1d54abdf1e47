"""Registering and ending residence, on real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from chassis.errors import FieldInvalidError, RequestIdReusedError
from chassis.storage.database import Database
from residency import tables
from residency.domain.places.buildings import DwellingNotFoundError
from residency.domain.residence.registrations import (
    Correction,
    IdentityMismatchError,
    PermanentResidenceExistsError,
    RegistrationAlreadyEndedError,
    RegistrationNotFoundError,
    ResidenceKind,
    TemporaryResidenceExistsError,
    Term,
)
from residency.operations.residence import ResidenceOperations
from residency.repository import residence
from tests.residency.samples import (
    NOON,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    application,
    number,
    request,
    residence_operations,
    upkeep,
    waiting_events,
)

pytestmark = pytest.mark.postgres


async def register(
    does: ResidenceOperations,
    dwelling_id: UUID,
    serial: int = 1,
    **fields: object,
) -> UUID:
    """Enter a registration under a request id of its own."""
    entering = application(dwelling_id, serial, **fields)  # type: ignore[arg-type]
    return await does.register(entering, str(uuid4()), b"digest")


async def end(does: ResidenceOperations, registration_id: UUID, ended_on: date = TODAY) -> None:
    """End a registration under a request id of its own."""
    await does.end(registration_id, ended_on, str(uuid4()), b"digest")


async def somebody_waits(database: Database) -> None:
    """Return when a transaction waits for a lock of another."""
    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    async with asyncio.timeout(30):
        while True:
            async with database.transaction() as tx:
                if await tx.scalar(waiting):
                    return


async def test_a_new_person_is_entered_with_a_household_and_a_sealed_number(
    database: Database,
) -> None:
    """The register holds the ciphertext and the blind index, never the number."""
    place = await add_building(database)
    registration_id = await register(residence_operations(database), place.dwelling_ids[0])
    async with database.transaction() as tx:
        person = (await tx.execute(select(tables.persons))).one()
        household = (await tx.execute(select(tables.households))).one()
        registration = (await tx.execute(select(tables.registrations))).one()
        member = (await tx.execute(select(tables.household_memberships))).one()

    assert SEAL.open(person.number_sealed, person.person_id) == number()
    assert person.number_index == SEAL.blind_index(number())
    assert (person.birth_year, person.birth_month, person.birth_day) == (1990, 5, 17)
    assert (member.person_id, member.relationship_to_householder) == (
        person.person_id,
        "HOUSEHOLDER",
    )
    assert member.household_id == household.household_id
    assert registration.registration_id == registration_id
    assert registration.household_id == household.household_id


async def test_a_known_person_is_found_and_left_as_it_is(database: Database) -> None:
    """By the number; the stored name and birth date are not overwritten. They join the household."""
    place = await add_building(database)
    does = residence_operations(database)
    dwelling_id = place.dwelling_ids[0]
    await register(does, dwelling_id)
    temporary = ResidenceKind.TEMPORARY
    end_of_term = date(2027, 1, 1)
    await register(
        does,
        dwelling_id,
        full_name="PHẠM THỊ GIẢ ĐỊNH",
        birth_date="1990",
        kind=temporary,
        valid_until=end_of_term,
    )
    async with database.transaction() as tx:
        names = (await tx.scalars(select(tables.persons.c.full_name))).all()
        households = (await tx.scalars(select(tables.households.c.household_id))).all()

    assert names == ["Phạm Thị Giả Định"]
    assert len(households) == 1


@pytest.mark.parametrize(
    "other",
    [{"full_name": "Tên Khác"}, {"birth_date": "1990-05-18"}],
)
async def test_a_mistyped_number_registers_nobody_else(
    database: Database, other: dict[str, str]
) -> None:
    """Whoever has the number is not the one declared: nothing is entered, and the request id stays free."""
    place = await add_building(database, dwellings=2)
    does = residence_operations(database)
    end_of_term = date(2027, 1, 1)
    await register(does, place.dwelling_ids[0])
    with pytest.raises(IdentityMismatchError):
        await register(
            does,
            place.dwelling_ids[1],
            kind=ResidenceKind.TEMPORARY,
            valid_until=end_of_term,
            **other,
        )
    async with database.transaction() as tx:
        registrations = (await tx.execute(select(tables.registrations))).all()
        requests = (await tx.execute(select(tables.requests))).all()

    assert len(registrations) == len(requests) == 1
    assert len(await waiting_events(database)) == 1


async def test_old_requests_are_forgotten(database: Database) -> None:
    """And younger ones are not."""
    place = await add_building(database)
    clock = StoppedClock()
    does = residence_operations(database, clock)
    await register(does, place.dwelling_ids[0])
    clock.now += timedelta(days=10)
    await register(does, place.dwelling_ids[0], 2)

    assert await upkeep(database, clock).forget_requests(timedelta(days=9)) == 1
    assert await upkeep(database, clock).forget_requests(timedelta(days=9)) == 0


async def test_a_second_permanent_residence_is_refused_and_nothing_remains(
    database: Database,
) -> None:
    """Neither a registration nor an event nor a claimed request id."""
    place = await add_building(database, dwellings=2)
    does = residence_operations(database)
    await register(does, place.dwelling_ids[0])
    with pytest.raises(PermanentResidenceExistsError):
        await register(does, place.dwelling_ids[1])
    async with database.transaction() as tx:
        registrations = (await tx.execute(select(tables.registrations))).all()
        requests = (await tx.execute(select(tables.requests))).all()

    assert len(registrations) == len(requests) == 1
    assert len(await waiting_events(database)) == 1


async def test_permanent_residence_can_follow_one_that_has_ended(database: Database) -> None:
    """On the very day; temporary residence elsewhere is allowed at any time."""
    place = await add_building(database, dwellings=2)
    does = residence_operations(database)
    first = await register(does, place.dwelling_ids[0], valid_from=date(2020, 1, 1))
    await end(does, first, date(2026, 11, 20))
    await register(does, place.dwelling_ids[1], valid_from=date(2026, 11, 20))
    await register(
        does,
        place.dwelling_ids[0],
        kind=ResidenceKind.TEMPORARY,
        valid_from=date(2026, 11, 1),
        valid_until=date(2028, 11, 1),
    )
    counts = [event.registered for event in await waiting_events(database)]

    assert counts == [1, 0, 1, 1]


async def test_nobody_has_two_temporary_residences_in_one_dwelling_at_a_time(
    database: Database,
) -> None:
    """Nor by a correction; one follows another, and elsewhere somebody may have one too."""
    place = await add_building(database, dwellings=2)
    does, (here, elsewhere) = residence_operations(database), place.dwelling_ids
    begins, turns, ends = date(2026, 11, 1), date(2027, 11, 1), date(2028, 11, 1)
    temporary = ResidenceKind.TEMPORARY
    await register(does, here, kind=temporary, valid_from=begins, valid_until=turns)
    with pytest.raises(TemporaryResidenceExistsError):
        await register(does, here, kind=temporary, valid_from=begins, valid_until=ends)
    await register(does, elsewhere, kind=temporary, valid_from=begins, valid_until=ends)
    second = await register(does, here, kind=temporary, valid_from=turns, valid_until=ends)
    earlier = Correction(Term(turns - timedelta(days=1), ends), None)
    with pytest.raises(TemporaryResidenceExistsError):
        await does.correct(second, earlier, request())

    assert await does.correct(second, Correction(Term(turns, ends), None), request()) != second


async def test_of_many_at_once_one_gets_the_permanent_residence(database: Database) -> None:
    """The constraint decides, not a look before; nobody waits in a circle."""
    place = await add_building(database, dwellings=6)
    does = residence_operations(database)
    attempts = (register(does, dwelling_id) for dwelling_id in place.dwelling_ids)
    results = await asyncio.gather(*attempts, return_exceptions=True)

    assert sum(isinstance(result, UUID) for result in results) == 1
    assert sum(isinstance(result, PermanentResidenceExistsError) for result in results) == 5


@pytest.mark.parametrize("change", ["end", "enter"])
async def test_registrations_of_one_person_change_one_after_another(
    database: Database, change: str
) -> None:
    """In different dwellings too: whoever comes second waits, so that nobody waits in a circle."""
    place = await add_building(database, dwellings=2)
    does = residence_operations(database)
    first = await register(does, place.dwelling_ids[0], valid_from=date(2020, 1, 1))
    entering = application(place.dwelling_ids[1], valid_from=date(2026, 11, 22))
    async with database.transaction() as tx:
        if change == "end":
            await residence.load_registration(tx, first)
        else:
            await residence.find_or_enter_person(tx, entering, SEAL, uuid4(), NOON)
        second = asyncio.create_task(does.register(entering, "request-0001", b"x"))
        await somebody_waits(database)
        if change == "end":
            await residence.end_registration(tx, first, date(2026, 11, 22), NOON)
    if change == "end":
        assert await second != first
    else:
        with pytest.raises(PermanentResidenceExistsError):
            await second


async def test_a_number_in_the_place_of_a_request_id_is_not_kept(database: Database) -> None:
    """Callers choose what they like; a repeat is known all the same."""
    place = await add_building(database)
    does, number_as_id = residence_operations(database), number().digits
    entering = application(place.dwelling_ids[0])
    first, again = [await does.register(entering, number_as_id, b"same") for _ in range(2)]
    async with database.transaction() as tx:
        (kept,) = (await tx.scalars(select(tables.requests.c.request_id))).all()

    assert first == again
    assert number_as_id not in kept


async def test_a_repeat_has_no_second_effect(database: Database) -> None:
    """The same request id gives the first answer; for other content it is refused."""
    place = await add_building(database)
    does = residence_operations(database)
    entering = application(place.dwelling_ids[0])
    repeats = [does.register(entering, "request-0001", b"same") for _ in range(4)]
    registration_ids = await asyncio.gather(*repeats)
    for _ in range(2):
        await does.end(registration_ids[0], TODAY, "request-0002", b"end")
    with pytest.raises(RequestIdReusedError):
        await does.register(entering, "request-0001", b"other")

    assert len(set(registration_ids)) == 1
    assert [event.registered for event in await waiting_events(database)] == [1, 0]


async def test_a_stored_request_tells_nothing_of_the_number(database: Database) -> None:
    """Its digest is keyed: unkeyed, a million tries would find the number in it."""
    place = await add_building(database)
    await residence_operations(database).register(
        application(place.dwelling_ids[0]), "request-0001", b"digest of the request"
    )
    async with database.transaction() as tx:
        digest = await tx.scalar(select(tables.requests.c.digest))

    assert digest == SEAL.fingerprint(b"digest of the request")


async def test_an_unknown_dwelling_is_told(database: Database) -> None:
    """DWELLING_NOT_FOUND, and the person is not entered."""
    with pytest.raises(DwellingNotFoundError):
        await register(residence_operations(database), uuid4())
    async with database.transaction() as tx:
        assert (await tx.execute(select(tables.persons))).all() == []


async def test_the_term_of_temporary_residence_is_the_law_s(database: Database) -> None:
    """Two years, from the row that is in force."""
    place = await add_building(database)
    with pytest.raises(FieldInvalidError) as refused:
        await register(
            residence_operations(database),
            place.dwelling_ids[0],
            kind=ResidenceKind.TEMPORARY,
            valid_until=date(2028, 11, 2),
        )

    assert refused.value.rule.en == "at most 2 years after valid_from"


async def test_an_end_is_recorded_once_with_when_it_became_known(database: Database) -> None:
    """Valid time and record time are two things; what was entered stays as it was."""
    place = await add_building(database)
    clock = StoppedClock()
    does = residence_operations(database, clock)
    registration_id = await register(does, place.dwelling_ids[0])
    entered_at, clock.now = clock.now, datetime(2026, 11, 24, 1, tzinfo=UTC)
    await end(does, registration_id, date(2026, 11, 10))
    with pytest.raises(RegistrationAlreadyEndedError):
        await end(does, registration_id, date(2026, 11, 12))
    async with database.transaction() as tx:
        row = (await tx.execute(select(tables.registrations))).one()

    assert (row.valid_from, row.valid_until) == (date(2026, 11, 1), None)
    assert (row.ended_on, row.ends_on) == (date(2026, 11, 10), date(2026, 11, 10))
    assert (row.recorded_at, row.end_recorded_at) == (entered_at, clock.now)


async def test_an_unknown_registration_is_told(database: Database) -> None:
    """REGISTRATION_NOT_FOUND."""
    with pytest.raises(RegistrationNotFoundError):
        await end(residence_operations(database), uuid4())


async def test_versions_grow_in_the_order_of_commits(database: Database) -> None:
    """With many at once in one dwelling, the highest version has the highest count."""
    place = await add_building(database)
    does = residence_operations(database)
    await asyncio.gather(*(register(does, place.dwelling_ids[0], n) for n in range(1, 9)))
    events = await waiting_events(database)

    assert [(event.version, event.registered) for event in events] == [(n, n) for n in range(1, 9)]


async def test_a_coming_registration_counts_from_its_day_on(database: Database) -> None:
    """The day publishes it, once; so does the day on which a term runs out."""
    place = await add_building(database)
    clock = StoppedClock()
    does = residence_operations(database, clock)
    await register(
        does,
        place.dwelling_ids[0],
        kind=ResidenceKind.TEMPORARY,
        valid_from=date(2026, 11, 25),
        valid_until=date(2027, 2, 1),
    )
    for now in (
        datetime(2026, 11, 24, 16, 59, tzinfo=UTC),
        datetime(2026, 11, 24, 17, tzinfo=UTC),
    ):
        clock.now = now
        await asyncio.gather(
            upkeep(database, clock).recount_due(), upkeep(database, clock).recount_due()
        )
    clock.now = datetime(2027, 2, 5, tzinfo=UTC)
    await upkeep(database, clock).recount_due()
    events = await waiting_events(database)

    assert [(event.version, event.registered) for event in events] == [(1, 0), (2, 1), (3, 0)]
    assert await upkeep(database, clock).recount_due() is False


async def test_a_birthday_moves_a_person_to_the_next_band(database: Database) -> None:
    """Sixty tomorrow: the brief of a fire shows it from tomorrow on."""
    place = await add_building(database)
    clock = StoppedClock()
    does = residence_operations(database, clock)
    await register(does, place.dwelling_ids[0], birth_date="1966-11-24")
    clock.now = datetime(2026, 11, 24, 5, tzinfo=UTC)
    await upkeep(database, clock).recount_due()
    bands = [event.age_bands for event in await waiting_events(database)]

    assert [(band.from_16_to_59, band.from_60_to_74) for band in bands] == [(1, 0), (0, 1)]


async def test_published_counts_equal_a_plain_model_after_any_history(database: Database) -> None:
    """Sixty random moves of eight people between three dwellings, refused or not."""
    place = await add_building(database, dwellings=3)
    does, luck = residence_operations(database), Random(20261123)  # noqa: S311 - a repeatable history
    lives_in: dict[int, tuple[UUID, UUID]] = {}
    for _ in range(60):
        serial, dwelling_id = luck.randint(1, 8), luck.choice(place.dwelling_ids)
        if serial in lives_in and luck.random() < 0.6:
            await end(does, lives_in.pop(serial)[1])
            continue
        try:
            entered = await register(does, dwelling_id, serial, valid_from=TODAY)
        except PermanentResidenceExistsError:
            assert serial in lives_in
        else:
            assert serial not in lives_in
            lives_in[serial] = (dwelling_id, entered)
    newest = {event.dwelling.dwelling_id: event for event in await waiting_events(database)}
    for dwelling_id in place.dwelling_ids:
        expected = sum(home == dwelling_id for home, _ in lives_in.values())

        assert newest[str(dwelling_id)].registered == expected


async def test_an_application_can_be_given_again_after_a_refusal(database: Database) -> None:
    """A refused request leaves its id free, so that the corrected state can be tried again."""
    place = await add_building(database, dwellings=2)
    does = residence_operations(database)
    first = await register(does, place.dwelling_ids[0])
    moving = replace(application(place.dwelling_ids[1]), dwelling_id=place.dwelling_ids[1])
    with pytest.raises(PermanentResidenceExistsError):
        await does.register(moving, "request-0009", b"move")
    await end(does, first, date(2026, 11, 1))

    again = await does.register(moving, "request-0009", b"move")

    assert again != first
