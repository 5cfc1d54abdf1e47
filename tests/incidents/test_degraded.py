"""What still works while a part is dead, and that nothing is lost: the parts are killed for real."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import suppress
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from chassis.broker.messages import EVENT_ID_HEADER, subject_of
from chassis.clock import utc_now
from chassis.storage import migrations
from chassis.storage.database import Database
from incidents import tables
from incidents.app import MIGRATIONS
from incidents.settings import Settings
from stack.issuer import Issuer
from stack.nats_server import NatsServer
from stack.postgres import PostgresServer
from tests.fixtures.servers import ISSUER_ADDRESS, MakeToken
from tests.incidents import samples
from tests.incidents.conftest import Service, running
from tests.incidents.samples import (
    Operations,
    Queries,
    StoppedClock,
    alarm_message,
    events,
    operations,
    raise_alarm,
    rows,
    stamp,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

_numbers = count(1)


@pytest.fixture
async def mortal_postgres(scratch: Path) -> AsyncGenerator[PostgresServer]:
    """Run a PostgreSQL that this test may kill, with a migrated database."""
    server = PostgresServer(scratch / f"postgres-incidents-{next(_numbers)}")
    server.start()
    server.create_service_database("incidents")
    await migrations.upgrade(server.url("incidents", "incidents_owner"), MIGRATIONS)
    yield server
    server.stop()


def settings(postgres: PostgresServer, nats: NatsServer, issuer: Issuer) -> Settings:
    """Make the settings of a service on these servers."""
    return Settings(
        database_url=postgres.url("incidents", "incidents_app"),  # type: ignore[arg-type]
        nats_url=nats.url,  # type: ignore[arg-type]
        auth_issuer=ISSUER_ADDRESS,
        auth_jwks=issuer.jwks_url,
        report_encryption_key=SecretStr(base64.b64encode(samples.REPORT_KEY).decode()),
        follow_up_key=SecretStr(base64.b64encode(samples.FOLLOW_UP_KEY).decode()),
    )


async def raise_over_the_broker(broker: Client, alarm_id: str) -> None:
    """Publish an alarm as fire-safety does."""
    event = fire.AlarmRaised(alarm=alarm_message(alarm_id, raised_at=stamp(utc_now())))
    await broker.jetstream().publish(
        subject_of(event), event.SerializeToString(), headers={EVENT_ID_HEADER: str(uuid4())}
    )


async def opened(service: Service) -> pb.Incident:
    """Wait for the one incident that there should be."""
    async with asyncio.timeout(40):
        while True:
            listed = await service.call("ListIncidents", pb.ListIncidentsRequest())
            if listed.incidents:
                (incident,) = listed.incidents
                return incident
            await asyncio.sleep(0.05)


async def until_listening(broker: Client) -> None:
    """Wait until the service has its place in the stream of events."""
    async with asyncio.timeout(20):
        while True:
            with suppress(NotFoundError):
                await broker.jetstream().consumer_info("EVENTS", "incidents-fires-11002")
                return
            await asyncio.sleep(0.05)


async def test_an_alarm_raised_while_the_database_is_dead_opens_its_incident_afterwards(
    mortal_postgres: PostgresServer,
    nats_server: NatsServer,
    broker: Client,
    issuer: Issuer,
    make_token: MakeToken,
) -> None:
    """Late but once: the event is not acknowledged before its effect is stored, and callers are told to try again."""
    async with running(settings(mortal_postgres, nats_server, issuer), make_token) as service:
        await until_listening(broker)
        mortal_postgres.kill()
        await raise_over_the_broker(broker, "alarm-1")
        refused = await service.refusal("ListIncidents", pb.ListIncidentsRequest())
        unacknowledged = await broker.jetstream().consumer_info("EVENTS", "incidents-fires-11002")
        mortal_postgres.start()
        incident = await opened(service)

    assert (refused.code, refused.reason) == ("UNAVAILABLE", "DATABASE_UNAVAILABLE")
    assert (unacknowledged.num_pending or 0) + (unacknowledged.num_ack_pending or 0) == 1
    assert incident.alarm_ids == ["alarm-1"]


async def test_timers_go_on_after_the_database_comes_back(
    mortal_postgres: PostgresServer,
    nats_server: NatsServer,
    broker: Client,
    issuer: Issuer,
    make_token: MakeToken,
) -> None:
    """What became due while it was dead fires once afterwards."""
    before = Database.connect(mortal_postgres.url("incidents", "incidents_app"))
    clock = StoppedClock(utc_now())
    clock.advance(-299)
    escalated = await broker.jetstream().subscribe(
        subject_of(pb.IncidentEscalated), stream="EVENTS", ordered_consumer=True
    )
    async with running(settings(mortal_postgres, nats_server, issuer), make_token):
        await raise_alarm(operations(before, clock), Queries(before))
        await before.close()
        mortal_postgres.kill()
        await asyncio.sleep(1.5)
        mortal_postgres.start()
        await escalated.next_msg(timeout=30)
    after = Database.connect(mortal_postgres.url("incidents", "incidents_app"))
    steps = [row.step for row in await rows(after, tables.notifications, "step")]
    await after.close()

    assert steps == [0, 1]


async def test_officers_work_on_while_the_broker_is_dead(
    service: Service,
    operations: Operations,
    queries: Queries,
    database: Database,
    nats_server: NatsServer,
) -> None:
    """Taking on, closing and the brief need the database only; the events leave when the broker is back."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    nats_server.kill()
    named = {"incident_id": str(incident_id)}
    asked = pb.AcknowledgeIncidentRequest(**named, request_id="request-0001")
    acknowledged = await service.call("AcknowledgeIncident", asked)
    brief = await service.call("GetRescueBrief", pb.GetRescueBriefRequest(**named))
    waiting = await events(database)
    nats_server.start()
    async with asyncio.timeout(30):
        while await events(database):
            await asyncio.sleep(0.05)

    assert acknowledged.incident.state == pb.INCIDENT_STATE_ACKNOWLEDGED
    assert brief.brief.incident.incident_id == str(incident_id)
    assert "IncidentAcknowledged" in waiting


async def test_a_service_that_starts_again_does_what_was_left(
    mortal_postgres: PostgresServer,
    nats_server: NatsServer,
    broker: Client,
    issuer: Issuer,
    make_token: MakeToken,
) -> None:
    """Alarms and due times that came while it was away have their effect once, on its return."""
    database = Database.connect(mortal_postgres.url("incidents", "incidents_app"))
    clock = StoppedClock(utc_now())
    clock.advance(-3600)
    first = await raise_alarm(operations(database, clock), Queries(database))
    await raise_over_the_broker(broker, "alarm-2")
    for _ in range(2):
        async with running(settings(mortal_postgres, nats_server, issuer), make_token) as service:
            async with asyncio.timeout(30):
                while len(await rows(database, tables.notifications)) < 2 or await events(
                    database
                ):
                    await asyncio.sleep(0.05)
            incident = await opened(service)
    notified = await rows(database, tables.notifications, "step")
    await database.close()

    assert incident.incident_id == str(first.incident_id)
    assert len(incident.alarm_ids) == 2
    assert [row.step for row in notified] == [0, 1]
