"""Corrections: what was known before is kept, and what is known now counts."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from chassis.errors import FieldInvalidError
from chassis.storage.database import Database
from residency import tables
from residency.domain.persons.contact import Contact, EmailAddress, PhoneNumber
from residency.domain.persons.identity import IdentityCorrection, Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.residence.assistance import AssistanceBasis, Grounds, NeedStatement
from residency.domain.residence.occupancy import Assistance, StayKind
from residency.domain.residence.registrations import (
    Correction,
    EntrySupersededError,
    PermanentResidenceExistsError,
    PersonalIdTakenError,
    PersonNotRegisteredError,
    Term,
)
from residency.operations.assistance import AssistanceOperations
from residency.queries.occupancy import OccupancyQueries
from residency.queries.persons import PersonQueries
from residency.queries.residence import ResidenceQueries
from tests.residency.samples import (
    NOON,
    OFFICER,
    PARTICULARS,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    all_asked,
    application,
    number,
    person_operations,
    relay,
    request,
    residence_operations,
    waiting_events,
)
from tests.residency.test_stay_operations import RECEIPT, lodging, stays_of
from ward.residency.v1 import residency_pb2

pytestmark = pytest.mark.postgres
MONTH_LATER = NOON + timedelta(days=30)


def corrected(**right: object) -> IdentityCorrection:
    """Make a correction of some fields."""
    nothing = dict.fromkeys(("number", "full_name", "birth_date", "sex", "nationality"))
    return IdentityCorrection(**(nothing | right))  # type: ignore[arg-type]


async def registered(database: Database, clock: StoppedClock) -> tuple[UUID, UUID]:
    """Register somebody from the first of the month on; tell the dwelling and the registration."""
    home = (await add_building(database)).dwelling_ids[0]
    entering = application(home, birth_date="1966-11-24")
    entered = await residence_operations(database, clock).register(entering, str(uuid4()), b"x")
    return home, entered


async def test_a_corrected_term_counts_since_it_is_known(database: Database) -> None:
    """The end of the month, as it was known before and as it is known since."""
    clock = StoppedClock()
    home, wrong = await registered(database, clock)
    clock.now = MONTH_LATER
    december = Term(date(2026, 12, 1), None)
    right = await residence_operations(database, clock).correct(
        wrong, Correction(december, None), request()
    )
    told, counts = ResidenceQueries(database), OccupancyQueries(database, clock)
    before = await counts.of_dwelling(home, NOON, NOON)
    since = await counts.of_dwelling(home, NOON)
    _, then = await told.of_registration(right, all_asked(known_at=NOON))
    _, now = await told.of_registration(wrong, all_asked())

    assert (before[0].counts.registered, since[0].counts.registered) == (1, 0)
    assert [(one.registration_id, one.corrects) for one in then] == [(wrong, None)]
    assert [(one.registration_id, one.corrects, one.term) for one in now] == [
        (right, wrong, december)
    ]
    assert now[0].reference == "HS-2026/0001"


async def test_an_end_is_known_since_it_was_recorded(database: Database) -> None:
    """Before, the registration was open."""
    clock = StoppedClock()
    home, entered = await registered(database, clock)
    clock.now = MONTH_LATER
    await residence_operations(database, clock).end(entered, TODAY, "request-0009", b"x")
    queries, counts = ResidenceQueries(database), OccupancyQueries(database, clock)

    async def told(at: datetime | None, known_at: datetime | None) -> list[date | None]:
        _, found = await queries.of_number(SEAL.blind_index(number()), all_asked(at, known_at))
        return [one.ended_on for one in found]

    assert (await counts.of_dwelling(home, NOON, NOON))[0].counts.registered == 1
    assert (await counts.of_dwelling(home, NOON, MONTH_LATER))[0].counts.registered == 0
    assert await told(None, NOON) == [None]
    assert await told(None, None) == [TODAY]
    assert await told(NOON, None) == []
    assert await told(NOON - timedelta(days=1), None) == [TODAY]
    assert await told(None, NOON - timedelta(seconds=1)) == []
    assert await queries.of_number(SEAL.blind_index(number(2)), all_asked()) == (False, [])


async def test_what_was_corrected_or_annulled_is_not_changed_again(database: Database) -> None:
    """ENTRY_SUPERSEDED; a repeat of the request is answered as the first."""
    clock = StoppedClock()
    home, wrong = await registered(database, clock)
    does, asked = residence_operations(database, clock), request()
    right = await does.correct(wrong, Correction(Term(TODAY, None), None), asked)
    again = await does.correct(wrong, Correction(Term(TODAY, None), None), asked)
    for change in (
        does.end(wrong, TODAY, "request-0001", b"x"),
        does.annul(wrong, request()),
        does.correct(wrong, Correction(Term(TODAY, None), None), request()),
    ):
        with pytest.raises(EntrySupersededError):
            await change
    await does.annul(right, request())

    assert again == right
    assert [event.registered for event in await waiting_events(database)] == [1, 1, 0]
    assert (await OccupancyQueries(database, clock).of_dwelling(home, NOON))[0].counts.present == 0


async def test_a_correction_keeps_the_rules_of_residence(database: Database) -> None:
    """No second permanent residence, no end in the future or outside the term; and nothing has happened."""
    clock = StoppedClock()
    home, first = await registered(database, clock)
    does = residence_operations(database, clock)
    await does.end(first, TODAY, "request-0001", b"x")
    second = await does.register(
        application(home, birth_date="1966", valid_from=TODAY), "request-0002", b"x"
    )
    with pytest.raises(PermanentResidenceExistsError):
        await does.correct(second, Correction(Term(date(2026, 11, 22), None), None), request())
    for ended_on in (TODAY + timedelta(days=1), TODAY - timedelta(days=30)):
        with pytest.raises(FieldInvalidError) as refused:
            await does.correct(second, Correction(Term(TODAY, None), ended_on), request())
        assert refused.value.metadata == {"field": "ended_on"}

    assert len((await ResidenceQueries(database).of_registration(second, all_asked(NOON)))[1]) == 1


@pytest.mark.parametrize(
    "change",
    ["ended_on = '2026-11-20'", "superseded_at = now()", "end_recorded_at = now()"],
)
async def test_nothing_is_ended_or_superseded_twice(database: Database, change: str) -> None:
    """The database refuses it, whatever the service does."""
    clock = StoppedClock()
    _, entered = await registered(database, clock)
    does = residence_operations(database, clock)
    await does.end(entered, TODAY, "request-0001", b"x")
    await does.annul(entered, request())
    with pytest.raises(DBAPIError, match="ended once and superseded once"):
        async with database.transaction() as tx:
            await tx.execute(text(f"update registrations set {change}"))  # noqa: S608 - our own


async def test_a_corrected_birth_date_changes_the_band_since_it_is_known(
    database: Database,
) -> None:
    """In the event, in the count of now, and not in what was known before."""
    clock = StoppedClock()
    home, _ = await registered(database, clock)
    clock.now = NOON + timedelta(minutes=1)
    right = corrected(birth_date=PartialDate(2022, 1, 1), sex=Sex.MALE)
    await person_operations(database, clock).correct(number(), right, request())
    counts = OccupancyQueries(database, clock)
    before = (await counts.of_dwelling(home, NOON, NOON))[0].counts.age_bands
    since = (await counts.of_dwelling(home, NOON))[0].counts.age_bands
    events = await waiting_events(database)

    assert (before.from_16_to_59, before.under_6) == (1, 0)
    assert (since.from_16_to_59, since.under_6) == (0, 1)
    assert [event.age_bands.under_6 for event in events] == [0, 1]


async def test_nobody_is_corrected_to_live_somewhere_before_birth(database: Database) -> None:
    """Neither by the birth date nor by the residence; of what never was so, or of an unknown day, nothing is asked."""
    _, first = await registered(database, StoppedClock())
    residences, people = residence_operations(database), person_operations(database)
    began = date(2026, 11, 1)
    too_late = corrected(birth_date=PartialDate(2026, 11, 2))
    with pytest.raises(FieldInvalidError) as of_birth:
        await people.correct(number(), too_late, request())
    await people.correct(number(), corrected(birth_date=PartialDate(2026, 11)), request())
    with pytest.raises(FieldInvalidError) as of_residence:
        before = Correction(Term(began - timedelta(days=1), None), None)
        await residences.correct(first, before, request())
    await residences.annul(first, request())
    await people.correct(number(), too_late, request())

    assert of_birth.value.metadata["field"] == "birth_date"
    assert of_residence.value.metadata["field"] == "valid_from"


async def test_corrections_tell_who_in_which_case_and_when(database: Database) -> None:
    """Newest first, which fields, and what they said before stays in the table that nobody can change."""
    clock = StoppedClock()
    await registered(database, clock)
    does = person_operations(database, clock)
    name, birth = FullName.parse("Phạm Thị Giả Định Hai"), PartialDate(1966)
    await does.correct(number(), corrected(full_name=name), request(reference="HS-1"))
    clock.now = MONTH_LATER
    asked = request(reference="HS-2")
    right = corrected(number=number(2), birth_date=birth, nationality="FRA")
    for _ in range(2):
        await does.correct(number(), right, asked)
    told = await PersonQueries(database).corrections(SEAL.blind_index(number(2)), OFFICER, TODAY)
    async with database.transaction() as tx:
        was = (await tx.execute(select(tables.person_corrections.c.full_name))).scalars().all()
        person = (await tx.execute(select(tables.persons))).one()

    assert [(one.reference, one.corrected_at, one.fields) for one in told or ()] == [
        ("HS-2", MONTH_LATER, ("personal_id_number", "birth_date", "nationality")),
        ("HS-1", NOON, ("full_name",)),
    ]
    assert sorted(was) == ["Phạm Thị Giả Định", "Phạm Thị Giả Định Hai"]
    assert SEAL.open(person.number_sealed, person.person_id) == number(2)


async def test_a_number_of_somebody_else_cannot_be_the_right_one(database: Database) -> None:
    """PERSONAL_ID_TAKEN; and who is not on the register cannot be corrected."""
    clock = StoppedClock()
    home, _ = await registered(database, clock)
    await residence_operations(database).register(application(home, 2), "request-0002", b"x")
    does = person_operations(database, clock)
    with pytest.raises(PersonalIdTakenError):
        await does.correct(number(), corrected(number=number(2)), request())
    with pytest.raises(PersonNotRegisteredError):
        await does.correct(number(3), corrected(sex=Sex.MALE), request())
    unknown = SEAL.blind_index(number(3))
    assert await PersonQueries(database).corrections(unknown, OFFICER, TODAY) is None
    with pytest.raises(FieldInvalidError):
        corrected()


async def test_what_is_right_already_is_no_correction(database: Database) -> None:
    """Neither the number that the person has, nor the name."""
    clock = StoppedClock()
    await registered(database, clock)
    does, as_it_is = person_operations(database, clock), application(UUID(int=0)).full_name
    await does.correct(number(), corrected(number=number(), full_name=as_it_is), request())

    assert (
        await PersonQueries(database).corrections(SEAL.blind_index(number()), OFFICER, TODAY) == []
    )


async def test_contacts_are_sealed_and_can_be_taken_back(database: Database) -> None:
    """Bound to the person and to their use; the telephone number is found by its index."""
    clock = StoppedClock()
    await registered(database, clock)
    does = person_operations(database, clock)
    phone, email = PhoneNumber.parse("0912345678"), EmailAddress.parse("a@example.vn")
    await does.set_contact(number(), Contact(phone, email), request())
    columns = tables.persons.c
    statement = select(
        columns.person_id, columns.phone_sealed, columns.phone_index, columns.email_sealed
    )
    async with database.transaction() as tx:
        kept = (await tx.execute(statement)).one()
    await does.set_contact(number(), Contact(None, None), request())
    async with database.transaction() as tx:
        forgotten = (await tx.execute(statement)).one()

    assert SEAL.open_phone(kept.phone_sealed, kept.person_id) == phone
    assert SEAL.open_email(kept.email_sealed, kept.person_id) == email
    assert kept.phone_index == SEAL.sealed_phone(phone, kept.person_id)[1]
    assert b"912345678" not in kept.phone_sealed + kept.phone_index
    assert tuple(forgotten[1:]) == (None, None, None)


async def test_an_old_day_has_an_answer(database: Database) -> None:
    """Before any limit came into force, and long before anybody was registered."""
    home, _ = await registered(database, StoppedClock())
    found = await OccupancyQueries(database, StoppedClock()).of_dwelling(
        home, datetime(1950, 1, 1, tzinfo=UTC)
    )

    assert found[0].counts.present == 0
    assert found[0].lower_bound is False


async def test_a_corrected_number_is_published_wherever_the_person_is_a_guest(
    database: Database,
) -> None:
    """Help that somebody needs comes and goes with the number: where they lodge under the wrong and the right one."""
    clock = StoppedClock()
    await registered(database, clock)
    wrong, right = (await add_building(database, dwellings=2)).dwelling_ids
    needs = AssistanceOperations(database, relay(database, clock), clock, SEAL, PARTICULARS)
    grounds = Grounds(AssistanceBasis.CONSENT, "")
    statement = NeedStatement(grounds, None, TODAY + timedelta(days=100))
    await needs.declare(number(), Assistance.OXYGEN, statement, request())
    for home, serial, kind in ((wrong, 1, StayKind.STANDING), (right, 2, StayKind.LODGING)):
        leaves_on = None if kind is StayKind.STANDING else TODAY + timedelta(days=1)
        arrived = NOON - timedelta(hours=1)
        guest = lodging(home, number(serial), kind=kind, arrives_at=arrived, leaves_on=leaves_on)
        await stays_of(database, clock).declare(guest, RECEIPT, request())
    before = len(await waiting_events(database))
    await person_operations(database, clock).correct(
        number(), corrected(number=number(2)), request()
    )
    told = {one.dwelling.dwelling_id: one for one in (await waiting_events(database))[before:]}

    assert {str(wrong), str(right)} <= told.keys()
    assert [need.type for need in told[str(right)].assistance] == [
        residency_pb2.ASSISTANCE_TYPE_OXYGEN
    ]
