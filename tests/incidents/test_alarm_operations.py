"""Alarms that come in: opened or joined exactly once, on a real PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.rules.priorities import Priority
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    alarm,
    alarm_message,
    alarm_of,
    closure,
    events,
    incident_with,
    occupancy,
    premises,
    raise_alarm,
    rows,
    stamp,
    trouble_message,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = pytest.mark.postgres


async def test_an_alarm_opens_an_incident_with_all_that_belongs_to_it(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Number, place, timeline, first notification, next timer and event, in one transaction."""
    await operations.take_premises(uuid4(), premises())
    await operations.take_raised_alarm(uuid4(), alarm("alarm-1"))
    incident = await incident_with(queries, "alarm-1")
    story = await queries.story(incident.incident_id)
    (notification,) = await rows(database, tables.notifications)
    (timer,) = await rows(database, tables.escalations)

    assert incident.number == "VV-2026-000001"
    assert incident.priority is Priority.P2
    assert (incident.place, incident.address) == ("Chung cư Giả Định", "số 1 phố Thử Nghiệm")
    assert [entry.kind for entry in story.timeline] == ["opened", "notified"]
    assert (notification.recipient, notification.step) == ("duty_officer", 0)
    assert (timer.step, timer.due_at) == (1, NIGHT + timedelta(seconds=300))
    assert await events(database) == ["IncidentOpened"]


async def test_the_event_carries_the_incident(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Who receives it needs no further call."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    (waiting,) = await rows(database, tables.outbox)
    told = pb.IncidentOpened.FromString(waiting.payload).incident

    assert told.incident_id == str(incident.incident_id)
    assert told.alarm_ids == ["alarm-1"]
    assert told.state == pb.INCIDENT_STATE_REPORTED
    assert told.version == incident.version


async def test_further_alarms_of_the_premises_join(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """One incident, its alarms in order, its priority raised, its timer hurried."""
    await raise_alarm(operations, queries, "alarm-1")
    incident = await raise_alarm(operations, queries, "alarm-2", device_id="TB-0002")
    (timer,) = await rows(database, tables.escalations)

    assert [member.alarm_id for member in incident.members] == ["alarm-1", "alarm-2"]
    assert incident.priority is Priority.P1
    assert timer.due_at == NIGHT + timedelta(seconds=60)
    assert await events(database) == ["IncidentOpened", "IncidentAlarmJoined"]


async def test_a_raise_never_delays_a_timer(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """What was due in 20 s is not due in 60 s because a second detector signals."""
    await raise_alarm(operations, queries, "alarm-1")
    clock.advance(280)
    await raise_alarm(operations, queries, "alarm-2", device_id="TB-0002")
    (timer,) = await rows(database, tables.escalations)

    assert timer.due_at == NIGHT + timedelta(seconds=300)


async def test_other_premises_have_their_own_incident(
    operations: Operations, queries: Queries
) -> None:
    """And their own number."""
    first = await raise_alarm(operations, queries)
    second = await raise_alarm(operations, queries, premises_id="premises-2")

    assert first.incident_id != second.incident_id
    assert second.number == "VV-2026-000002"


async def test_a_device_without_premises_has_its_own_incident(
    operations: Operations, queries: Queries
) -> None:
    """One open incident per device, at a place that is said to be unknown."""
    lost = {"premises_id": "", "device_known": False}
    first = await raise_alarm(operations, queries, "a1", device_id="TB-X", **lost)
    again = await raise_alarm(operations, queries, "a2", device_id="TB-X", **lost)
    other = await raise_alarm(operations, queries, "a3", device_id="TB-Y", **lost)

    assert first.place == "Chưa rõ vị trí \N{EN DASH} thiết bị TB-X"
    assert first.priority is Priority.P1
    assert again.incident_id == first.incident_id
    assert other.incident_id != first.incident_id


async def test_premises_that_nobody_told_of_yet_are_an_unknown_place(
    operations: Operations, queries: Queries
) -> None:
    """The alarm does not wait for them; later alarms of them join."""
    first = await raise_alarm(operations, queries, "alarm-1")
    await operations.take_premises(uuid4(), premises())
    second = await raise_alarm(operations, queries, "alarm-2")

    assert first.place == "Chưa rõ vị trí \N{EN DASH} thiết bị TB-0001"
    assert second.incident_id == first.incident_id


@pytest.mark.parametrize("event_id", [UUID(int=7), UUID(int=8)])
async def test_a_repeated_alarm_has_no_second_effect(
    operations: Operations, queries: Queries, database: Database, event_id: UUID
) -> None:
    """Neither under the same event id nor under another."""
    raised = alarm("alarm-1")
    await operations.take_raised_alarm(UUID(int=7), raised)
    await operations.take_raised_alarm(event_id, raised)
    incident = await incident_with(queries, "alarm-1")

    assert incident.version == 2
    assert await events(database) == ["IncidentOpened"]


async def test_trouble_opens_nothing(operations: Operations, database: Database) -> None:
    """It is kept for the brief."""
    await operations.take_raised_alarm(uuid4(), alarm_of(trouble_message("t1")))

    assert await rows(database, tables.incidents) == []
    assert [row.alarm_id for row in await rows(database, tables.alarms)] == ["t1"]


async def test_an_alarm_after_the_close_opens_a_new_incident(
    operations: Operations, queries: Queries
) -> None:
    """What has ended does not come back to life."""
    first = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(first.incident_id))
    await operations.close(closure(first.incident_id))
    second = await raise_alarm(operations, queries)

    assert second.incident_id != first.incident_id
    assert second.state is IncidentState.REPORTED


async def test_a_detector_back_to_normal_is_noted_once(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """The incident stays open and no event is sent, whatever else happens to the alarm."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    clock.advance(30)
    restored = alarm_message("alarm-1", restored_at=stamp(clock.now), version=2)
    await operations.take_changed_alarm(uuid4(), alarm_of(restored))
    ended = alarm_message(
        "alarm-1", restored_at=stamp(clock.now), state=fire.ALARM_STATE_RESET, version=3
    )
    await operations.take_changed_alarm(uuid4(), alarm_of(ended))
    story = await queries.story(incident.incident_id)

    assert [entry.kind for entry in story.timeline] == ["opened", "notified", "alarm_restored"]
    assert story.incident.state is IncidentState.REPORTED
    assert await events(database) == ["IncidentOpened"]


async def test_a_restoring_that_overtakes_its_alarm_ends_right(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """The incident is opened all the same, and knows that the detector is back to normal."""
    restored = alarm_message("alarm-1", restored_at=stamp(NIGHT), version=2)
    await operations.take_changed_alarm(uuid4(), alarm_of(restored))
    await operations.take_raised_alarm(uuid4(), alarm("alarm-1"))
    incident = await incident_with(queries, "alarm-1")
    story = await queries.story(incident.incident_id)
    (kept,) = await rows(database, tables.alarms)

    assert [entry.kind for entry in story.timeline] == ["opened", "notified", "alarm_restored"]
    assert kept.version == 2
    assert kept.restored_at == NIGHT


async def test_an_older_state_never_overwrites_a_newer_one(
    operations: Operations, database: Database
) -> None:
    """Of premises, dwellings and alarms alike, in whatever order they come."""
    for version in (2, 3, 1):
        await operations.take_premises(uuid4(), premises(version=version, name=f"v{version}"))
        await operations.take_occupancy(uuid4(), occupancy(version=version, unit=f"v{version}"))
        changed = trouble_message("t1", version=version, device_id=f"v{version}")
        await operations.take_changed_alarm(uuid4(), alarm_of(changed))

    assert [row.name for row in await rows(database, tables.premises)] == ["v3"]
    assert [row.unit for row in await rows(database, tables.occupancies)] == ["v3"]
    assert [row.device_id for row in await rows(database, tables.alarms)] == ["v3"]


async def test_counting_again_makes_a_number_younger(
    operations: Operations, database: Database
) -> None:
    """The same version, counted later, confirms it; counted earlier, it changes nothing."""
    for minutes in (0, 10, 5):
        counted = replace(occupancy(), as_of=NIGHT + timedelta(minutes=minutes))
        await operations.take_occupancy(uuid4(), counted)
    (kept,) = await rows(database, tables.occupancies)

    assert kept.as_of == NIGHT + timedelta(minutes=10)


async def test_a_repeated_event_is_not_projected_again(
    operations: Operations, database: Database
) -> None:
    """The inbox knows it."""
    await operations.take_premises(UUID(int=7), premises())
    await operations.take_premises(UUID(int=7), premises(version=2))
    await operations.take_occupancy(UUID(int=8), occupancy())
    await operations.take_occupancy(UUID(int=8), occupancy(version=2))

    assert [row.version for row in await rows(database, tables.premises)] == [1]
    assert [row.version for row in await rows(database, tables.occupancies)] == [1]


async def test_counts_that_come_at_once_leave_the_newest_of_each_dwelling(
    operations: Operations, database: Database
) -> None:
    """In whatever order they come, one of them a second time under its id, and none if none is fresh."""
    counted = [
        (UUID(int=1), occupancy("d-1", version=1)),
        (UUID(int=2), occupancy("d-2", version=3)),
        (UUID(int=3), occupancy("d-1", version=4)),
        (UUID(int=4), occupancy("d-2", version=2)),
        (UUID(int=1), occupancy("d-1", version=9)),
    ]
    await operations.take_occupancies(counted[:4])
    await operations.take_occupancies(counted[3:])

    kept = await rows(database, tables.occupancies, "dwelling_id")
    assert [(row.dwelling_id, row.version) for row in kept] == [("d-1", 4), ("d-2", 3)]


async def test_events_are_forgotten_when_the_stream_has_forgotten_them(
    operations: Operations, database: Database, clock: StoppedClock
) -> None:
    """And not before."""
    await operations.take_premises(uuid4(), premises())
    clock.advance(3600)
    await operations.take_premises(uuid4(), premises(version=2))

    assert await operations.forget_events(timedelta(minutes=30)) == 1
    assert len(await rows(database, tables.inbox)) == 1


async def test_an_alarm_raised_again_after_closing_opens_a_new_incident(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """Closed while its alarm was not reset; then the detector, back to normal meanwhile, sees a fire."""
    first = await raise_alarm(operations, queries, "alarm-1")
    await operations.acknowledge(acknowledgement(first.incident_id))
    await operations.close(closure(first.incident_id))
    restored = alarm("alarm-1", version=2, restored_at=stamp(NIGHT))
    await operations.take_changed_alarm(uuid4(), restored)
    await operations.take_raised_alarm(uuid4(), alarm("alarm-1", version=3))
    numbers = [row.number for row in await rows(database, tables.incidents, "number")]
    states = [row.state for row in await rows(database, tables.incidents, "number")]

    assert numbers == ["VV-2026-000001", "VV-2026-000002"]
    assert states == [IncidentState.CLOSED, IncidentState.REPORTED]


async def test_a_late_raising_never_opens_a_closed_case_again(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """What the closed incident knew of already is old news, whatever its event id."""
    first = await raise_alarm(operations, queries, "alarm-1", version=3)
    await operations.acknowledge(acknowledgement(first.incident_id))
    await operations.close(closure(first.incident_id))
    await operations.take_raised_alarm(uuid4(), alarm("alarm-1", version=1))
    await operations.take_raised_alarm(uuid4(), alarm("alarm-1", version=3))

    assert len(await rows(database, tables.incidents)) == 1


async def test_an_alarm_raised_again_is_told_in_its_open_incident(
    operations: Operations, queries: Queries, database: Database
) -> None:
    """One incident, one member, an entry and an event that wakes who is watching."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    await operations.take_raised_alarm(uuid4(), alarm("alarm-1", version=3))
    story = await queries.story(incident.incident_id)

    assert [member.alarm_id for member in story.incident.members] == ["alarm-1"]
    assert story.timeline[-1].kind == "alarm_again"
    assert await events(database) == ["IncidentOpened", "IncidentAlarmJoined"]
