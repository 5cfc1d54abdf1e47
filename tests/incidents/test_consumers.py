"""Events in from a real broker, effects in the database and out to the broker."""

import asyncio
from uuid import uuid4

import pytest
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.js.api import StreamInfo
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from chassis.broker.consumer import EventConsumer
from chassis.broker.messages import EVENT_ID_HEADER, Envelope, subject_of
from chassis.clock import utc_now
from chassis.storage.database import Database
from incidents import tables
from incidents.wire import inbound
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeDatabase, MakeToken
from tests.incidents.conftest import MakeSettings, Service, running
from tests.incidents.samples import (
    StoppedClock,
    alarm_message,
    occupancy_message,
    operations,
    premises_message,
    rows,
    stamp,
    trouble_message,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb
from ward.residency.v1 import residency_pb2 as residency

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


async def publish(broker: Client, *events: Message) -> None:
    """Publish events as the outbox of their service does."""
    for event in events:
        await broker.jetstream().publish(
            subject_of(event),
            event.SerializeToString(),
            timeout=30,
            headers={EVENT_ID_HEADER: str(uuid4())},
        )


async def settled(broker: Client, ward_code: str = "11002") -> None:
    """Wait until every event has had its effect and none is on its way."""
    async with asyncio.timeout(30):
        for lane in ("incidents-fires", "incidents-alarms", "incidents-occupancy"):
            while not await is_settled(broker, f"{lane}-{ward_code}"):
                await asyncio.sleep(0.02)


async def is_settled(broker: Client, lane: str) -> bool:
    """Tell whether a lane has everything behind it and asks for more; one that has just been made counts nothing."""
    try:
        info = await broker.jetstream().consumer_info("EVENTS", lane)
    except NotFoundError:
        return False
    return bool(info.num_waiting) and not info.num_pending and not info.num_ack_pending


async def next_event(broker: Client, kind: type[Message]) -> Message:
    """Wait for the first event of a kind in the stream."""
    stream = broker.jetstream()
    subscription = await stream.subscribe(subject_of(kind), stream="EVENTS", ordered_consumer=True)
    try:
        return kind.FromString((await subscription.next_msg(timeout=60)).data)
    finally:
        await subscription.unsubscribe()


@pytest.mark.usefixtures("service")
async def test_an_alarm_event_becomes_an_incident_event(broker: Client) -> None:
    """From the broker through the database to the broker again, with the place told before."""
    alarm = alarm_message("alarm-1", raised_at=stamp(utc_now()))
    await publish(broker, fire.PremisesChanged(premises=premises_message()))
    await publish(broker, fire.AlarmRaised(alarm=alarm))
    opened = await next_event(broker, pb.IncidentOpened)

    assert isinstance(opened, pb.IncidentOpened)
    assert opened.incident.alarm_ids == ["alarm-1"]
    assert opened.incident.place == "Chung cư Giả Định"


async def test_the_whole_brief_is_there_once_its_events_are(
    service: Service, broker: Client
) -> None:
    """Premises, people, detectors and trouble, each from its own event."""
    now = stamp(utc_now())
    restored = alarm_message("alarm-1", raised_at=now, restored_at=now, version=2)
    await publish(
        broker,
        fire.PremisesChanged(premises=premises_message()),
        residency.OccupancyChanged(occupancy=occupancy_message(registered=5)),
        fire.AlarmRaised(alarm=trouble_message("lost", raised_at=now)),
        fire.AlarmRaised(alarm=alarm_message("alarm-1", raised_at=now)),
        fire.AlarmRestored(alarm=restored),
    )
    await settled(broker)
    listed = await service.call("ListIncidents", pb.ListIncidentsRequest())
    (incident,) = listed.incidents
    asked = pb.GetRescueBriefRequest(incident_id=incident.incident_id)
    brief = (await service.call("GetRescueBrief", asked)).brief
    told = await service.call(
        "GetIncident", pb.GetIncidentRequest(incident_id=incident.incident_id)
    )

    assert brief.premises.name == "Chung cư Giả Định"
    assert brief.premises_provenance.age_s < 60
    assert brief.people.registered == 5
    assert [one.restored for one in brief.detectors] == [True]
    assert [one.device_id for one in brief.devices_in_trouble] == ["TB-0099"]
    assert told.timeline[-1].kind == "alarm_restored"


@pytest.mark.usefixtures("service")
async def test_events_out_of_order_and_told_twice_have_one_effect(
    broker: Client, database: Database
) -> None:
    """The restoring overtakes its alarm, and the alarm is told again under another id."""
    alarm = alarm_message("alarm-1", raised_at=stamp(utc_now()))
    await publish(
        broker,
        fire.AlarmRestored(alarm=alarm_message("alarm-1", version=2)),
        fire.AlarmRaised(alarm=alarm),
        fire.AlarmRaised(alarm=alarm),
    )
    await settled(broker)

    assert len(await rows(database, tables.incidents)) == 1
    assert len(await rows(database, tables.incident_alarms)) == 1


@pytest.mark.usefixtures("service")
async def test_what_cannot_be_read_is_kept_apart_and_the_lane_goes_on(
    broker: Client, database: Database
) -> None:
    """By each lane that hears it, with its reason; the alarm behind them opens its incident."""
    noise = subject_of(fire.AlarmRaised)
    await broker.jetstream().publish(
        noise, b"\xff" * 1000, headers={EVENT_ID_HEADER: str(uuid4())}
    )
    await publish(
        broker,
        fire.AlarmRaised(alarm=alarm_message(signal_class=fire.SIGNAL_CLASS_UNSPECIFIED)),
        fire.PremisesChanged(),
        residency.OccupancyChanged(),
        fire.AlarmRaised(alarm=alarm_message("alarm-1", raised_at=stamp(utc_now()))),
    )
    await settled(broker)
    stream = broker.jetstream()
    letters: StreamInfo = await stream.stream_info("DEAD_LETTERS")
    refused = set()
    for sequence in range(1, letters.state.messages + 1):
        headers = (await stream.get_msg("DEAD_LETTERS", sequence)).headers or {}
        refused.add((headers["Ward-Dead-Consumer"], headers["Ward-Dead-Reason"]))

    assert letters.state.messages == len(refused)
    assert refused == {
        ("incidents-fires-11002", "no_identifier"),
        ("incidents-fires-11002", "not_protobuf"),
        ("incidents-fires-11002", "unknown_signal_class"),
        ("incidents-alarms-11002", "not_protobuf"),
        ("incidents-alarms-11002", "unknown_signal_class"),
        ("incidents-occupancy-11002", "no_identifier"),
    }
    assert len(await rows(database, tables.incidents)) == 1


async def test_an_alarm_does_not_wait_behind_a_census(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    broker: Client,
    database: Database,
) -> None:
    """Its lane is its own: the incident is open while dwellings that were told before are still being read."""
    for start in range(0, 3000, 500):
        await asyncio.gather(
            *(
                publish(broker, residency.OccupancyChanged(occupancy=occupancy_message(f"d-{n}")))
                for n in range(start, start + 500)
            )
        )
    await publish(
        broker, fire.AlarmRaised(alarm=alarm_message("alarm-1", raised_at=stamp(utc_now())))
    )
    async with running(make_settings(nats_server.url), make_token):
        await next_event(broker, pb.IncidentOpened)
        told = len(await rows(database, tables.occupancies))
        await settled(broker)

    assert told < 3000
    assert len(await rows(database, tables.occupancies)) == 3000


async def test_a_fire_does_not_wait_behind_a_thousand_lost_detectors(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    broker: Client,
    database: Database,
) -> None:
    """Its lane lets them pass: the incident is open while those that were told before are still being read."""
    for start in range(0, 1_000, 100):
        lost = [
            trouble_message(f"lost-{n}", device_id=f"TB-{n}") for n in range(start, start + 100)
        ]
        await asyncio.gather(
            *(
                publish(broker, fire.AlarmRaised(alarm=one), fire.AlarmRestored(alarm=one))
                for one in lost
            )
        )
    await publish(
        broker, fire.AlarmRaised(alarm=alarm_message("alarm-1", raised_at=stamp(utc_now())))
    )
    async with running(make_settings(nats_server.url), make_token):
        await next_event(broker, pb.IncidentOpened)
        told = len(await rows(database, tables.alarms))
        await settled(broker)

    assert told < 1_000
    assert len(await rows(database, tables.alarms)) == 1_001
    assert await alarms_of_incidents(database) == ["alarm-1"]


async def alarms_of_incidents(database: Database) -> list[str]:
    """Tell the alarms of all incidents."""
    return sorted(row.alarm_id for row in await rows(database, tables.incident_alarms))


async def test_two_wards_on_one_broker_take_nothing_from_each_other(
    make_settings: MakeSettings,
    make_database: MakeDatabase,
    nats_server: NatsServer,
    make_token: MakeToken,
    broker: Client,
    database: Database,
) -> None:
    """Each has an incident of each of its own alarms, and none of the neighbour's; nor its places and people."""
    theirs = await make_database("incidents")
    neighbour = make_settings(nats_server.url).model_copy(
        update={"database_url": SecretStr(theirs.url), "ward_code": "11003"}
    )
    events: list[Message] = []
    for number in range(20):
        ward = f"1100{2 + number % 2}"
        said = {"ward_code": ward, "premises_id": f"premises-{number}", "device_id": f"d-{number}"}
        alarm = alarm_message(f"alarm-{number:02}", raised_at=stamp(utc_now()), **said)
        there = premises_message(f"premises-{number}", ward_code=ward)
        events += [fire.PremisesChanged(premises=there), fire.AlarmRaised(alarm=alarm)]
    async with (
        running(make_settings(nats_server.url), make_token),
        running(neighbour, make_token),
    ):
        await publish(broker, *events)
        await settled(broker)
        await settled(broker, "11003")
    other = Database.connect(theirs.url)
    theirs_alarms = await alarms_of_incidents(other)
    theirs_premises = await rows(other, tables.premises)
    await other.close()

    assert await alarms_of_incidents(database) == [f"alarm-{n:02}" for n in range(0, 20, 2)]
    assert theirs_alarms == [f"alarm-{n:02}" for n in range(1, 20, 2)]
    assert len(await rows(database, tables.premises)) == len(theirs_premises) == 10


@pytest.mark.parametrize("lane", ["incidents", "incidents-11002"])
async def test_an_upgrade_from_one_lane_loses_and_doubles_nothing(
    lane: str,
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    broker: Client,
    database: Database,
) -> None:
    """What the earlier version had stored and not acknowledged has no second effect; what waited has its first."""
    alarms = [
        alarm_message(
            f"alarm-{n}",
            raised_at=stamp(utc_now()),
            premises_id=f"premises-{n}",
            device_id=f"d-{n}",
        )
        for n in range(4)
    ]
    stored = asyncio.Event()
    old = operations(database, StoppedClock())

    async def take(envelope: Envelope) -> None:
        alarm = inbound.read_alarm(envelope)
        await old.take_raised_alarm(envelope.event_id, alarm)
        if alarm.alarm_id == "alarm-1":
            stored.set()
            await asyncio.Event().wait()

    raised = subject_of(fire.AlarmRaised)
    earlier = EventConsumer(broker, broker.jetstream(), lane, "EVENTS", {raised: take})
    before = asyncio.create_task(earlier.run())
    await publish(broker, *(fire.AlarmRaised(alarm=one) for one in alarms))
    await stored.wait()
    before.cancel()
    async with running(make_settings(nats_server.url), make_token):
        await settled(broker)
        info = await broker.jetstream().consumer_info("EVENTS", "incidents-fires-11002")

    assert await alarms_of_incidents(database) == [f"alarm-{n}" for n in range(4)]
    assert len(await rows(database, tables.incidents)) == 4
    assert info.config.opt_start_seq == 2
