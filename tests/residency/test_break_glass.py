"""Breaking the glass: who is inside, for an open incident only, announced at once and reviewed before the next time."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message
from grpc import aio
from nats.aio.client import Client
from sqlalchemy import select, text, update

from chassis.broker.messages import EVENT_ID_HEADER, Envelope, subject_of
from chassis.clock import utc_now, ward_day, ward_time
from chassis.errors import DomainError, FieldInvalidError, InvalidMessageError
from chassis.storage.database import Database
from residency import tables
from residency.domain.lookups.disclosure import Asker, DisclosureNotAllowedError, PersonField
from residency.domain.protection.break_glass import (
    BreakGlassWanted,
    Incident,
    IncidentClosedError,
    IncidentNotFoundError,
    IncidentPlaceUnknownError,
    PremisesPlace,
    ReviewPendingError,
)
from residency.domain.residence.occupancy import StayKind
from residency.operations.break_glass import BreakGlassOperations
from residency.wire import break_glass as wire
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import Service
from tests.residency.samples import (
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
)
from tests.residency.test_stay_operations import (
    PASSPORT,
    RECEIPT,
    TOMORROW,
    TONIGHT,
    absences_of,
    away,
    lodging,
    stays_of,
)
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2
from ward.options.v1 import access_pb2
from ward.residency.v1 import lookups_pb2 as pb

pytestmark = pytest.mark.postgres

AFTER = TODAY + timedelta(days=2)
FIRE = Incident("i-1", "VV-2026-000042", "p-1", closed=False, version=1)
OFFICER = Asker("officer-1", frozenset({"duty_officer"}), "FIRE_RESCUE")
REASON = "Khói dày ở tầng hai, cần gọi từng người"


@dataclass
class Glass:
    """What the tests break, with its database and clock."""

    database: Database
    clock: StoppedClock
    operations: BreakGlassOperations
    dwelling_ids: list[UUID]

    async def reviews(self) -> list[Any]:
        """Read the queue of reviews."""
        reviews = tables.break_glass_reviews
        async with self.database.transaction() as tx:
            return list((await tx.execute(select(reviews).order_by(reviews.c.opened_at))).all())

    async def announced(self) -> list[pb.GlassBroken]:
        """Read what waits in the outbox for the data protection officer."""
        subject = subject_of(pb.GlassBroken)
        statement = select(tables.outbox.c.payload).where(tables.outbox.c.subject == subject)
        async with self.database.transaction() as tx:
            return [pb.GlassBroken.FromString(one) for one in await tx.scalars(statement)]

    async def review(self) -> None:
        """Record the review of all that was broken."""
        async with self.database.transaction() as tx:
            await tx.execute(
                update(tables.break_glass_reviews).values(
                    reviewed_at=self.clock.now, reviewed_by="dpo", verdict="JUSTIFIED"
                )
            )


@pytest.fixture
async def glass(database: Database) -> Glass:
    """Let two people live in the building of the premises of an open incident, where one dwelling is empty."""
    place = await add_building(database, dwellings=3)
    for serial, dwelling_id in enumerate(place.dwelling_ids[:2], start=1):
        entering = application(dwelling_id, serial)
        await residence_operations(database).register(entering, f"request-{serial}", b"x")
    clock = StoppedClock()
    operations = BreakGlassOperations(
        database, relay(database, clock), clock, SEAL, PARTICULARS, "11002"
    )
    await operations.take_premises(uuid4(), PremisesPlace("p-1", place.building_id, 1))
    await operations.take_incident(uuid4(), FIRE)
    return Glass(database, clock, operations, place.dwelling_ids)


def wanting(**fields: Any) -> BreakGlassWanted:
    """Want to know who is inside."""
    wanted = BreakGlassWanted(
        incident_id="i-1",
        reference="VV-2026-000042",
        reason=REASON,
        request_id=str(uuid4()),
        digest=b"x",
    )
    return replace(wanted, **fields)


async def test_the_occupants_of_the_incidents_building_are_told_with_the_fields_of_the_policy(
    glass: Glass,
) -> None:
    """By floor; it is entered for review, and announced without reason or names."""
    found = await glass.operations.disclose(wanting(), OFFICER)
    (review,), (event,) = await glass.reviews(), await glass.announced()

    assert [one.dwelling.floor for one in found.dwellings] == [1, 2]
    assert [len(one.people) for one in found.dwellings] == [1, 1]
    assert found.disclosure.fields == {
        PersonField.FULL_NAME,
        PersonField.BIRTH_YEAR,
        PersonField.SEX,
        PersonField.RESIDENCES,
        PersonField.ASSISTANCE,
        PersonField.PHONE,
    }
    assert (review.officer, review.reason, review.reviewed_at) == ("officer-1", REASON, None)
    assert review.expires_at == NOON + timedelta(minutes=60)
    assert (event.review_id, event.officer) == (str(review.review_id), "officer-1")
    assert event.incident_number == "VV-2026-000042"
    assert REASON not in str(event)


async def test_until_it_expires_the_officer_may_look_again_under_the_same_review(
    glass: Glass,
) -> None:
    """A repeat of the request too; nothing is announced twice."""
    wanted = wanting()
    first = await glass.operations.disclose(wanted, OFFICER)
    glass.clock.now += timedelta(minutes=59)
    again = await glass.operations.disclose(wanted, OFFICER)
    other = await glass.operations.disclose(wanting(), OFFICER)

    assert first.broken == again.broken == other.broken
    assert len(await glass.reviews()) == len(await glass.announced()) == 1


async def test_after_the_premises_were_corrected_the_right_building_is_told(glass: Glass) -> None:
    """Under the same review; that it is another building is announced, and so it is told in the answer."""
    first = await glass.operations.disclose(wanting(), OFFICER)
    right = await add_building(glass.database, address="34 Thử Nghiệm")
    await residence_operations(glass.database).register(
        application(right.dwelling_ids[0], 3), "request-3", b"x"
    )
    place = PremisesPlace("p-1", right.building_id, 2)
    await glass.operations.take_premises(uuid4(), place)
    second = await glass.operations.disclose(wanting(), OFFICER)

    assert [one.dwelling.dwelling_id for one in second.dwellings] == right.dwelling_ids
    assert second.broken == replace(first.broken, building_id=right.building_id)
    assert [event.building_id for event in await glass.announced()] == [
        str(first.broken.building_id),
        str(right.building_id),
    ]
    assert len(await glass.reviews()) == 1


async def test_guests_of_now_are_told_too_and_who_was_declared_absent(glass: Glass) -> None:
    """Nobody twice: who is registered is no guest, who is absent but stays has come back; at noon guests leave.

    Who leaves for another dwelling leaves with the arrival there, and is nowhere before they come.
    """
    first, second, hotel = glass.dwelling_ids
    stays = stays_of(glass.database)
    tonight: dict[str, Any] = {"arrives_at": TONIGHT, "leaves_on": TOMORROW}
    for declared in (
        lodging(hotel, number(8), **tonight),
        lodging(hotel, PASSPORT, kind=StayKind.FOREIGN, **tonight),
        lodging(first, number(9), kind=StayKind.STANDING, leaves_on=None),
        lodging(first, number(1), **tonight),
        lodging(second, number(8), arrives_at=ward_time(TOMORROW, 11), leaves_on=AFTER),
    ):
        await stays.declare(declared, RECEIPT, request())
    absences = absences_of(glass.database)
    for serial in (1, 2):
        away_from = replace(away(), number=number(serial))
        await absences.declare(away_from, RECEIPT, request())
    told = []
    for hour in (2, 10, 11, 12):
        glass.clock.now = ward_time(TOMORROW, hour)
        officer = replace(OFFICER, account=f"officer-{hour}")
        told.append((await glass.operations.disclose(wanting(), officer)).dwellings)
    at_night, in_the_morning, moved, at_noon = told

    assert [one.dwelling.dwelling_id for one in at_night] == [first, second, hotel]
    assert [len(one.people) for one in at_night] == [1, 1, 0]
    assert [len(one.absent) for one in at_night] == [0, 1, 0]
    kinds = [
        [sorted(guest.declared.kind for guest in one.guests) for one in dwellings]
        for dwellings in (at_night, moved)
    ]
    assert kinds == [
        [["STANDING"], [], ["FOREIGN", "LODGING"]],
        [["STANDING"], ["LODGING"], ["FOREIGN"]],
    ]
    assert in_the_morning == at_night
    assert [len(one.guests) for one in at_noon] == [1, 1]
    assert [len(one.absent) for one in at_noon] == [1, 1]


@pytest.mark.parametrize(
    ("later", "incident_id"), [(timedelta(minutes=60), "i-1"), (timedelta(0), "i-2")]
)
async def test_the_next_time_waits_for_the_review(
    glass: Glass, later: timedelta, incident_id: str
) -> None:
    """After it has expired, and for another incident at once; another officer is not held up."""
    await glass.operations.take_incident(uuid4(), replace(FIRE, incident_id="i-2"))
    await glass.operations.disclose(wanting(), OFFICER)
    glass.clock.now += later
    next_time = wanting(incident_id=incident_id)
    with pytest.raises(ReviewPendingError):
        await glass.operations.disclose(next_time, OFFICER)
    await glass.operations.disclose(next_time, replace(OFFICER, account="officer-2"))
    await glass.review()
    await glass.operations.disclose(next_time, OFFICER)

    assert len(await glass.reviews()) == len(await glass.announced()) == 3


async def test_a_review_that_ends_at_that_moment_opens_the_next(
    glass: Glass, test_database: TestDatabase
) -> None:
    """Found waiting, and reviewed before it could be read: the officer is not told of an error, but who is inside."""
    await glass.operations.disclose(wanting(), OFFICER)
    (waiting,) = await glass.reviews()
    reviewing = """
        create function review_the_first() returns trigger language plpgsql security definer as $$
        begin
            update break_glass_reviews set reviewed_at = now(), reviewed_by = 'dpo', verdict = 'JUSTIFIED'
            where review_id = '%s';
            return null;
        end $$
    """
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(text(reviewing % waiting.review_id))
        await tx.execute(
            text(
                "create trigger reviewed_meanwhile after insert on break_glass_reviews"
                " for each statement execute function review_the_first()"
            )
        )
    await owner.close()
    glass.clock.now += timedelta(hours=9)
    found = await glass.operations.disclose(wanting(), OFFICER)

    assert found.broken.review_id != waiting.review_id
    assert len(await glass.reviews()) == 2


async def test_of_two_at_once_by_one_officer_one_review_comes(glass: Glass) -> None:
    """The database decides, not a look before."""
    both = (glass.operations.disclose(wanting(), OFFICER) for _ in range(4))
    broken = {found.broken.review_id for found in await asyncio.gather(*both)}

    assert len(broken) == len(await glass.reviews()) == len(await glass.announced()) == 1


@pytest.mark.parametrize(
    ("incident", "wanted", "asker", "error"),
    [
        (replace(FIRE, closed=True, version=2), {}, OFFICER, IncidentClosedError),
        (replace(FIRE, premises_id="", version=2), {}, OFFICER, IncidentPlaceUnknownError),
        (replace(FIRE, premises_id="p-9", version=2), {}, OFFICER, IncidentPlaceUnknownError),
        (FIRE, {"incident_id": "i-9"}, OFFICER, IncidentNotFoundError),
        (FIRE, {"reference": "VV-2026-000001"}, OFFICER, FieldInvalidError),
        (FIRE, {}, replace(OFFICER, purpose="RESIDENCE_CASE"), DisclosureNotAllowedError),
        (FIRE, {}, replace(OFFICER, roles=frozenset({"service"})), DisclosureNotAllowedError),
    ],
)
async def test_otherwise_nothing_is_told_entered_or_announced(
    glass: Glass,
    incident: Incident,
    wanted: dict[str, Any],
    asker: Asker,
    error: type[DomainError],
) -> None:
    """Closed, without a building, unknown, another reference, another purpose, another role."""
    await glass.operations.take_incident(uuid4(), incident)
    with pytest.raises(error):
        await glass.operations.disclose(wanting(**wanted), asker)

    assert await glass.reviews() == await glass.announced() == []


async def test_an_older_state_does_not_open_an_incident_again(glass: Glass) -> None:
    """Events may come twice and late; of premises too."""
    event_id = uuid4()
    await glass.operations.take_incident(event_id, replace(FIRE, version=2))
    await glass.operations.take_incident(event_id, replace(FIRE, closed=True, version=9))
    await glass.operations.take_premises(uuid4(), PremisesPlace("p-1", None, 1))
    await glass.operations.disclose(wanting(), OFFICER)
    await glass.operations.take_incident(uuid4(), replace(FIRE, closed=True, version=3))
    await glass.operations.take_incident(uuid4(), FIRE)
    with pytest.raises(IncidentClosedError):
        await glass.operations.disclose(wanting(), OFFICER)


def envelope(message: Message | type[Message], payload: bytes) -> Envelope:
    """Send a payload as an event."""
    return Envelope(uuid4(), subject_of(message), payload, "request-1", NOON)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff", "not_protobuf"),
        (incidents_pb2.IncidentOpened().SerializeToString(), "no_identifier"),
        (
            incidents_pb2.IncidentOpened(
                incident=incidents_pb2.Incident(incident_id="i", version=2**63)
            ).SerializeToString(),
            "version_out_of_range",
        ),
    ],
)
def test_an_event_that_cannot_be_read_is_set_aside(payload: bytes, reason: str) -> None:
    """With a reason of a closed set."""
    with pytest.raises(InvalidMessageError, match=reason):
        wire.incident(envelope(incidents_pb2.IncidentOpened, payload))


@pytest.mark.parametrize("building", ["", "no id", "12"])
def test_premises_without_a_building_of_the_register_have_no_place(building: str) -> None:
    """Such premises are told of like any others."""
    premises = fire_safety_pb2.Premises(premises_id="p-1", building_id=building, version=3)
    told = fire_safety_pb2.PremisesChanged(premises=premises)

    assert wire.premises_place(envelope(told, told.SerializeToString())) == PremisesPlace(
        "p-1", None, 3
    )


def asking(**fields: Any) -> pb.DiscloseOccupantsRequest:
    """Ask over gRPC."""
    purpose = access_pb2.AccessPurpose(
        purpose=access_pb2.PURPOSE_FIRE_RESCUE, reference="VV-2026-000042"
    )
    wanted: dict[str, Any] = {
        "purpose": purpose,
        "request_id": str(uuid4()),
        "incident_id": "i-1",
        "reason": REASON,
    }
    return pb.DiscloseOccupantsRequest(**(wanted | fields))


async def publish(broker: Client, event: Message) -> None:
    """Publish an event as a service does."""
    await broker.jetstream().publish(
        subject_of(event), event.SerializeToString(), headers={EVENT_ID_HEADER: str(uuid4())}
    )


async def tell_of_fire(service: Service, broker: Client, building_id: UUID) -> None:
    """Have fire-safety and incidents tell of premises and their fire; wait until it is known."""
    premises = fire_safety_pb2.Premises(premises_id="p-1", building_id=str(building_id), version=1)
    await publish(broker, fire_safety_pb2.PremisesChanged(premises=premises))
    incident = incidents_pb2.Incident(
        incident_id="i-1",
        number="VV-2026-000042",
        premises_id="p-1",
        state=incidents_pb2.INCIDENT_STATE_REPORTED,
        version=1,
    )
    await publish(broker, incidents_pb2.IncidentOpened(incident=incident))
    async with asyncio.timeout(30):
        while True:
            async with service.database.transaction() as tx:
                if (await tx.execute(select(tables.incidents))).all():
                    return
            await asyncio.sleep(0.05)


@pytest.mark.nats
async def test_only_incidents_acting_for_a_duty_officer_gets_an_answer(
    service: Service, broker: Client
) -> None:
    """Over gRPC, with the events of the others; each attempt is accounted for under the officer."""
    place = await add_building(service.database)
    entering = application(place.dwelling_ids[0])
    await residence_operations(service.database).register(entering, "request-1", b"x")
    now = utc_now()
    guest_of_now = lodging(
        place.dwelling_ids[0],
        number(8),
        arrives_at=now,
        leaves_on=ward_day(now) + timedelta(days=1),
    )
    await stays_of(service.database, StoppedClock(now)).declare(guest_of_now, RECEIPT, request())
    await tell_of_fire(service, broker, place.building_id)
    method = "DiscloseOccupants"
    alone = await service.refusal(method, asking(), "duty_officer")
    other = await service.refusal(method, asking(), "duty_officer", actor="gateway")
    wrong = await service.refusal(method, asking(), "residence_officer", actor="incidents")
    vague = await service.refusal(
        method, asking(reason="cháy: 999 090 000001"), "duty_officer", actor="incidents"
    )
    by_officer = service.make_token("duty_officer", account="incidents")
    with pytest.raises(aio.AioRpcError, match="Your role does not allow this"):
        await service.call(method, asking(), "duty_officer", acting=by_officer)
    by_incidents = service.make_token("service", account="incidents")
    answer = await service.call(method, asking(), "duty_officer", acting=by_incidents)
    (person,), (guest,) = answer.dwellings[0].people, answer.dwellings[0].guests
    records = await service.access_records()

    assert alone.reason == other.reason == "BREAK_GLASS_NOT_THROUGH_INCIDENTS"
    assert (wrong.reason, vague.reason) == ("ROLE_NOT_ALLOWED", "FIELD_INVALID")
    assert person.full_name == "Phạm Thị Giả Định"
    assert (person.birth_date.year, person.birth_date.month) == (1990, 0)
    assert not person.masked_number
    assert (guest.full_name, guest.birth_date.year, guest.birth_date.month) == (
        "Khách Giả Định",
        1990,
        0,
    )
    assert not guest.masked_document
    building, *shown = records[-3:]
    assert str(building.record_id) == answer.access_record_id
    assert building.subject == f"building:{place.building_id}"
    assert {one.subject for one in shown} == {SEAL.pseudonym(number(one)) for one in (1, 8)}
    assert {one.actor for one in (building, *shown)} == {"incidents"}
    assert {record.account for record in records} == {
        "demo-duty-officer",
        "demo-residence-officer",
    }
