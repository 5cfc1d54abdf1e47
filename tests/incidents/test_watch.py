"""Watching incidents over gRPC, with resume, over a kill -9 of the broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from grpc import aio
from nats.aio.client import Client

from chassis.broker.messages import EVENT_ID_HEADER, subject_of
from chassis.clock import utc_now
from incidents.wire.events import watched
from stack.nats_server import NatsServer
from tests.incidents.conftest import Service, refusal_of
from tests.incidents.samples import (
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    assignment,
    closure,
    raise_alarm,
)
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

Take = Callable[[int], Any]


@pytest.fixture
def clock() -> StoppedClock:
    """Give the time at which the test began, as the running service has it."""
    return StoppedClock(utc_now())


@asynccontextmanager
async def watching(
    service: Service, token: str = "", role: str = "duty_officer"
) -> AsyncIterator[Take]:
    """Watch, and return when the watcher has been let in; give a way to take so many changes."""
    call = service.stub.WatchIncidents(
        pb.WatchIncidentsRequest(resume_token=token), metadata=service.credentials(role)
    )
    await call.initial_metadata()

    async def take(number: int) -> list[pb.WatchIncidentsResponse]:
        async with asyncio.timeout(30):
            return [await call.read() for _ in range(number)]

    try:
        yield take
    finally:
        call.cancel()


async def test_each_change_is_told_as_it_happens(
    service: Service, broker: Client, operations: Operations, queries: Queries
) -> None:
    """With its name and the incident after it; those of a ward that shares the broker are not told."""
    far = pb.IncidentOpened(incident=pb.Incident(incident_id=str(uuid4()), ward_code="99999"))
    async with watching(service) as take:
        await broker.jetstream().publish(
            subject_of(pb.IncidentOpened),
            far.SerializeToString(),
            headers={EVENT_ID_HEADER: str(uuid4())},
        )
        incident_id = (await raise_alarm(operations, queries)).incident_id
        await raise_alarm(operations, queries, device_id="TB-0002")
        await operations.acknowledge(acknowledgement(incident_id))
        await operations.assign(assignment(incident_id))
        await operations.close(closure(incident_id))
        changes = await take(5)

    assert [change.event for change in changes] == [
        "IncidentOpened",
        "IncidentAlarmJoined",
        "IncidentAcknowledged",
        "IncidentAssigned",
        "IncidentClosed",
    ]
    assert {change.incident.incident_id for change in changes} == {str(incident_id)}
    assert [change.incident.version for change in changes] == [2, 3, 4, 5, 6]


async def test_an_escalation_is_told(
    service: Service, operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """The service takes the step by its own clock: this incident was opened long ago."""
    clock.advance(-3600)
    async with watching(service) as take:
        await raise_alarm(operations, queries)
        changes = await take(3)

    assert changes[0].event == "IncidentOpened"
    # Its term is over too.
    assert {change.event for change in changes[1:]} == {"IncidentEscalated", "IncidentBreached"}


async def test_a_watcher_that_resumes_misses_nothing_over_a_crash_of_the_broker(
    service: Service, operations: Operations, queries: Queries, nats_server: NatsServer
) -> None:
    """What happened while the broker was dead is told to who stayed and to who comes back."""
    async with watching(service) as take:
        incident_id = (await raise_alarm(operations, queries)).incident_id
        (first,) = await take(1)
        nats_server.kill()
        await operations.acknowledge(acknowledgement(incident_id))
        nats_server.start()
        (stayed,) = await take(1)
    async with watching(service, first.resume_token) as take:
        (resumed,) = await take(1)

    assert stayed.event == "IncidentAcknowledged"
    assert resumed == stayed


@pytest.mark.parametrize(
    ("token", "reason"),
    [("x", "RESUME_TOKEN_INVALID"), ("99999", "RESUME_TOKEN_EXPIRED")],
)
async def test_a_token_of_no_use_is_refused(service: Service, token: str, reason: str) -> None:
    """The watcher must list again instead of missing changes silently."""
    with pytest.raises(aio.AioRpcError) as refused:
        async with watching(service, token) as take:
            await take(1)

    assert refusal_of(refused.value).reason == reason


async def test_a_role_that_may_not_watch_is_refused(service: Service) -> None:
    """As for any other method."""
    with pytest.raises(aio.AioRpcError) as refused:
        async with watching(service, role="citizen") as take:
            await take(1)

    assert refusal_of(refused.value).reason == "ROLE_NOT_ALLOWED"


async def test_what_a_newer_version_publishes_does_not_break_watchers(
    service: Service, operations: Operations, queries: Queries, broker: Client
) -> None:
    """An unknown event, or noise under a known name, is passed over."""
    async with watching(service) as take:
        for subject in ("ward.incidents.v1.IncidentMerged", "ward.incidents.v1.IncidentOpened"):
            await broker.jetstream().publish(subject, b"\xff noise")
        incident = await raise_alarm(operations, queries)
        (change,) = await take(1)

    assert change.incident.incident_id == str(incident.incident_id)
    assert watched("1", "ward.incidents.v1.IncidentMerged", b"", "11002") is None
