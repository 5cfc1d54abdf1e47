"""The outbox and its relay, on real PostgreSQL and NATS."""

import asyncio
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.js.api import DiscardPolicy
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import ColumnElement, func, insert, select, text

from chassis import context
from chassis.broker.jetstream import EVENTS
from chassis.clock import utc_now
from chassis.errors import BrokerUnavailableError
from chassis.settings import ServiceSettings
from chassis.storage import outbox, parked
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from stack.nats_server import NatsServer
from tests.chassis.conftest import OUTBOX
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

KILL_LEASES = text(
    "select pg_terminate_backend(pid) from pg_locks"
    " where locktype = 'advisory' and pid <> pg_backend_pid()"
    "   and database = (select oid from pg_database where datname = current_database())"
)


def event(number: int) -> pb.IncidentOpened:
    """Make an event that can be told from others."""
    return pb.IncidentOpened(incident=pb.Incident(number=str(number)))


async def waiting(database: Database) -> int:
    """Count what waits."""
    async with database.transaction() as tx:
        return int(await tx.scalar(select(func.count()).select_from(OUTBOX)) or 0)


def url_of(database: Database) -> str:
    """Tell the address of a database, as settings have it."""
    return database.engine.url.render_as_string(hide_password=False)


async def published(broker: Client) -> list[str]:
    """Read the numbers of all events that the stream has, in order."""
    stream = broker.jetstream()
    state = (await stream.stream_info("EVENTS")).state
    messages = [await stream.get_msg("EVENTS", seq) for seq in range(1, state.last_seq + 1)]
    return [
        pb.IncidentOpened.FromString(message.data or b"").incident.number for message in messages
    ]


def relay(database: Database, broker: Client, first: ColumnElement[Any] | None = None) -> Relay:
    """Make a relay."""
    return Relay(database, OUTBOX, broker.jetstream(), utc_now, first)


async def test_an_event_is_published_under_its_message_name(
    database: Database, broker: Client
) -> None:
    """Subject, event id and the causing request travel with it."""
    context.request_id.set("request-0001")
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event(1))
    await relay(database, broker).relay_all()
    message = await broker.jetstream().get_msg("EVENTS", 1)

    assert message.subject == "ward.incidents.v1.IncidentOpened"
    assert message.headers is not None
    assert message.headers["Ward-Request-Id"] == "request-0001"
    assert len(message.headers["Nats-Msg-Id"]) == 36


async def test_an_event_of_a_failed_transaction_is_never_published(
    database: Database, broker: Client
) -> None:
    """Rolled back with its cause."""
    with pytest.raises(RuntimeError, match="no"):
        async with database.transaction() as tx:
            await outbox.add(tx, OUTBOX, utc_now(), event(1))
            raise RuntimeError("no")
    await relay(database, broker).relay_all()

    assert await published(broker) == []


async def test_events_leave_in_order_and_the_outbox_is_emptied(
    database: Database, broker: Client
) -> None:
    """More than one batch, nothing left, nothing doubled."""
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), *(event(number) for number in range(450)))
    await relay(database, broker).relay_all()

    assert await published(broker) == [str(number) for number in range(450)]
    assert await waiting(database) == 0


async def test_what_is_urgent_overtakes_what_waits(database: Database, broker: Client) -> None:
    """By the service's own order; events that are alike leave as they were added."""
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), *(event(number) for number in range(300)))
        await outbox.add(tx, OUTBOX, utc_now() - timedelta(days=1), event(300), event(301))
    await relay(database, broker, OUTBOX.c.created_at).relay_all()

    assert await published(broker) == [str(number) for number in (300, 301, *range(300))]


async def test_a_broker_that_is_there_and_stores_nothing_is_told(
    database: Database, broker: Client
) -> None:
    """Until it stores again: here a stream without room stands for a disk without it."""
    stream, relaying = broker.jetstream(), relay(database, broker)
    full = EVENTS.evolve(discard=DiscardPolicy.NEW, max_bytes=1)
    await stream.update_stream(full)
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event(1))
    await relaying.check()
    with pytest.raises(BrokerUnavailableError):
        await relaying.relay_all()
    with pytest.raises(BrokerUnavailableError):
        await relaying.check()
    await stream.update_stream(EVENTS)
    await relaying.relay_all()

    await relaying.check()
    assert await published(broker) == ["1"]


class Clock:
    """A clock that is put forward."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


def too_large(broker: Client) -> pb.IncidentOpened:
    """Make an event that no broker of these settings takes."""
    return pb.IncidentOpened(incident=pb.Incident(number="x" * broker.max_payload))


def _told(metric: str) -> float:
    """Read what metrics tell of the events of these tests."""
    labels = {"subject": "ward.incidents.v1.IncidentOpened"}
    return REGISTRY.get_sample_value(metric, labels) or 0


async def test_what_the_broker_refuses_waits_alone(database: Database, broker: Client) -> None:
    """Those behind it overtake it, and only what is stored is deleted; it is tried again later and not at once."""
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event(1), too_large(broker), event(2))
    before = _told("ward_event_publish_failures_total"), _told("ward_event_publish_seconds_count")
    for _ in range(2):
        await relay(database, broker).relay_all()

    assert _told("ward_event_publish_failures_total") == before[0] + 1
    assert _told("ward_event_publish_seconds_count") == before[1] + 3
    assert await published(broker) == ["1", "2"]
    async with database.transaction() as tx:
        (row,) = (await tx.execute(select(OUTBOX))).all()
    assert (row.refusals, row.refusal, row.parked_at) == (1, "too_large", None)
    assert row.retry_at > utc_now() - timedelta(seconds=10)


async def parked_after_tries(
    database: Database, broker: Client, subject: str, event: pb.IncidentOpened
) -> Any:
    """Relay at ten times, longer apart than any delay; give the row of the parked event."""
    before = REGISTRY.get_sample_value("ward_events_parked_total", {"subject": subject}) or 0
    async with database.transaction() as tx:
        row = outbox.row_of(event, utc_now()) | {"subject": subject}
        await tx.execute(insert(OUTBOX), [row])
    clock = Clock()
    relaying = Relay(database, OUTBOX, broker.jetstream(), clock)
    for _ in range(10):
        clock.now += timedelta(minutes=5)
        await relaying.relay_all()
    assert (
        REGISTRY.get_sample_value("ward_events_parked_total", {"subject": subject}) == before + 1
    )
    async with database.transaction() as tx:
        (found,) = (await tx.execute(select(OUTBOX))).all()
    assert (found.refusals, found.retry_at) == (10, None)
    assert found.parked_at is not None
    return found


async def test_what_is_refused_again_and_again_is_parked_and_kept(
    database: Database, broker: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is listed without what it says, and goes when a person has it tried again and the broker takes it."""
    subject = "ward.nobody.v1.Listens"
    found = await parked_after_tries(database, broker, subject, event(7))
    settings = ServiceSettings(database_url=SecretStr(url_of(database)))
    commands = ArgumentParser()
    parked.add_commands(commands.add_subparsers())

    async def command(*words: str) -> str:
        arguments = commands.parse_args(["outbox", *words])
        assert await parked.run(arguments, settings, OUTBOX) == parked.DONE
        return capsys.readouterr().out

    listed = await command("list")
    assert (found.refusal, str(found.event_id) in listed, subject in listed) == (
        "no_stream",
        True,
        True,
    )
    await broker.jetstream().add_stream(name="OTHERS", subjects=[subject])
    assert (await command("retry", str(uuid4()))).startswith("0 ")
    assert (await command("retry")).startswith("1 ")
    await relay(database, broker).relay_all()
    assert await waiting(database) == 0
    assert (await broker.jetstream().get_msg("OTHERS", 1)).data == found.payload
    assert (await command("list")).startswith("0 ")


async def test_a_broker_that_is_away_refuses_nothing(
    database: Database,
    broker: Client,
    nats_server: NatsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often it is tried: an outage is none of the event's doing."""
    monkeypatch.setattr(outbox, "_PUBLISH_TIMEOUT_S", 0.3)
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event(1))
    nats_server.kill()
    with pytest.raises(BrokerUnavailableError):
        await relay(database, broker).relay_all()
    nats_server.start()
    async with asyncio.timeout(20):
        while not broker.is_connected:
            await asyncio.sleep(0.02)
    async with database.transaction() as tx:
        (row,) = (await tx.execute(select(OUTBOX))).all()

    assert (row.refusals, row.retry_at, row.parked_at) == (0, None, None)


async def test_the_oldest_event_is_told_whatever_goes_first(
    database: Database, broker: Client
) -> None:
    """An urgent event of this moment must not hide that others have waited for an hour."""
    urgent = OUTBOX.c.created_at.desc()
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now() - timedelta(hours=1), event(1))
        await outbox.add(tx, OUTBOX, utc_now(), event(2))
    await relay(database, broker, urgent).relay_all()

    assert (REGISTRY.get_sample_value("ward_outbox_oldest_seconds") or 0) >= 3600


async def test_a_crash_after_publishing_repeats_and_the_stream_drops_the_repeat(
    database: Database, broker: Client
) -> None:
    """The same event id twice is one event."""
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event(1))
    async with database.transaction() as tx:
        (row,) = (await tx.execute(select(OUTBOX))).all()
    await broker.jetstream().publish(
        row.subject, row.payload, headers={"Nats-Msg-Id": str(row.event_id)}
    )
    await relay(database, broker).relay_all()

    assert await published(broker) == ["1"]


async def test_two_relays_publish_each_event_once(database: Database, broker: Client) -> None:
    """Two instances of a service share the work without doubling it."""
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), *(event(number) for number in range(300)))
    tasks = [asyncio.create_task(relay(database, broker).run()) for _ in range(2)]
    async with asyncio.timeout(30):
        while await waiting(database):
            await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()

    assert await published(broker) == [str(number) for number in range(300)]


async def test_the_relay_outlives_the_broker(
    database: Database, broker: Client, nats_server: NatsServer
) -> None:
    """Events written while the broker is dead are published when it is back."""
    task = asyncio.create_task(relay(database, broker).run())
    nats_server.kill()
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event(1))
    nats_server.start()
    async with asyncio.timeout(30):
        while await waiting(database):
            await asyncio.sleep(0.05)
    task.cancel()

    assert await published(broker) == ["1"]


async def test_another_relay_goes_on_when_the_connection_of_the_first_breaks(
    database: Database, broker: Client
) -> None:
    """The right to relay dies with its connection; nothing is lost or doubled."""
    tasks = [asyncio.create_task(relay(database, broker).run()) for _ in range(2)]
    for number in range(5):
        async with database.transaction() as tx:
            await outbox.add(tx, OUTBOX, utc_now(), event(number))
            await tx.execute(KILL_LEASES)
        async with asyncio.timeout(20):
            while await waiting(database):
                await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()

    assert await published(broker) == [str(number) for number in range(5)]


async def commit_and_send(sender: Relay, database: Database, *numbers: int) -> None:
    """Commit events, and have them sent without waiting for the relay."""
    rows = [outbox.row_of(event(number), utc_now()) for number in numbers]
    async with database.transaction() as tx:
        await tx.execute(insert(OUTBOX), rows)
    await sender.send(rows)


async def test_what_is_sent_at_once_is_taken_out_and_not_sent_again(
    database: Database, broker: Client
) -> None:
    """Nobody needs to hold the relay to send, and it may overtake what waits."""
    async with database.transaction() as tx:
        await outbox.add(tx, OUTBOX, utc_now(), event(1))
    sender, before = relay(database, broker), _told("ward_events_published_total")
    await commit_and_send(sender, database, 2, 3)
    await sender.relay_all()

    assert await published(broker) == ["2", "3", "1"]
    assert _told("ward_events_published_total") == before + 3
    assert await waiting(database) == 0


async def test_what_could_not_be_sent_at_once_is_published_by_the_relay(
    database: Database, broker: Client
) -> None:
    """The row is there, whatever became of the sending; another's relay repeats it under the same id."""
    await commit_and_send(Relay(database, OUTBOX, Client().jetstream(), utc_now), database, 1)
    sender = relay(database, broker)
    await commit_and_send(sender, database, 2)
    await relay(database, broker).relay_all()
    await sender.relay_all()

    assert sorted(await published(broker)) == ["1", "2"]
    assert await waiting(database) == 0
