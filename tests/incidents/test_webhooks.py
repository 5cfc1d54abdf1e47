"""Webhooks: told once of each event, signed, again while a receiver fails, and never inside."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from chassis.clock import utc_now
from chassis.errors import FieldInvalidError
from chassis.sealing import Seal
from chassis.storage.database import Database
from incidents import tables
from incidents.app import commands
from incidents.clients.webhooks import WebhookClient
from incidents.domain.webhooks import (
    Delivery,
    Notice,
    WebhookSeal,
    WebhookWanted,
    check_url,
    is_public,
    secret_text,
    tried_again_at,
)
from incidents.operations.webhooks import WebhookOperations
from incidents.queries.webhooks import WebhookQueries
from incidents.timers import WebhookDeliveries
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken
from tests.incidents.conftest import MakeSettings, Service, running
from tests.incidents.http_sink import HttpSink, listening
from tests.incidents.samples import NIGHT, REPORT_KEY, StoppedClock, rows
from ward.incidents.v1 import incidents_pb2, reports_pb2
from ward.incidents.v1 import webhooks_pb2 as pb


@pytest.fixture
async def sink() -> AsyncGenerator[HttpSink]:
    """Run a receiver."""
    async with listening() as started:
        yield started


@pytest.fixture
async def service(
    make_settings: MakeSettings, nats_server: NatsServer, make_token: MakeToken
) -> AsyncGenerator[Service]:
    """Run the whole service; it may tell receivers on this machine."""
    settings = make_settings(nats_server.url).model_copy(
        update={"webhook_private_addresses": True}
    )
    async with running(settings, make_token) as started:
        yield started


@pytest.fixture
def webhooks(database: Database, clock: StoppedClock) -> WebhookOperations:
    """Make the operations under a clock that stands still."""
    seal = WebhookSeal(Seal([REPORT_KEY], os.urandom))
    return WebhookOperations(database, clock, seal, os.urandom)


@pytest.fixture
async def deliveries(
    webhooks: WebhookOperations, clock: StoppedClock
) -> AsyncGenerator[WebhookDeliveries]:
    """Make what sends; it may tell receivers on this machine."""
    client = WebhookClient(clock, private_allowed=True)
    yield WebhookDeliveries(webhooks, client)
    await client.close()


def wanted(url: str, *events: str) -> WebhookWanted:
    """Register a receiver."""
    return WebhookWanted("demo-administrator", str(uuid4()), b"digest", url, events)


def notice(event: str = "IncidentOpened") -> Notice:
    """Make what is told of an event."""
    return Notice(uuid4(), event, b'{"type": "IncidentOpened"}')


def report(category: str) -> reports_pb2.CreateReportRequest:
    """Make a report of an officer."""
    return reports_pb2.CreateReportRequest(
        request_id=str(uuid4()),
        category=category,
        channel=reports_pb2.REPORT_CHANNEL_TELEPHONE,
        description="nắp cống vỡ",
        address="số 1 phố Thử Nghiệm",
    )


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_receiver_learns_what_happened_and_nothing_that_was_written(
    service: Service, sink: HttpSink, database: Database
) -> None:
    """A library that others wrote verifies it; crimes are not told, nor is anything once the webhook is ended."""
    asked = pb.CreateWebhookRequest(
        request_id=str(uuid4()), url=sink.url, events=["IncidentOpened", "IncidentAcknowledged"]
    )
    made = await service.call("CreateWebhook", asked, "administrator")
    again = await service.call("CreateWebhook", asked, "administrator")
    await service.call("CreateReport", report("crime_information"))
    opened = await service.call("CreateReport", report("on_scene"))
    [first] = await sink.wait_for(1)
    await service.call(
        "AcknowledgeIncident",
        incidents_pb2.AcknowledgeIncidentRequest(
            request_id=str(uuid4()), incident_id=opened.incident_id
        ),
    )
    _, second = await sink.wait_for(2)
    removal = pb.RemoveWebhookRequest(request_id=str(uuid4()), webhook_id=made.webhook.webhook_id)
    await service.call("RemoveWebhook", removal, "administrator")
    listed = await service.call("ListWebhooks", pb.ListWebhooksRequest(), "administrator")
    refused = await service.refusal(
        "RemoveWebhook",
        pb.RemoveWebhookRequest(request_id=str(uuid4()), webhook_id=made.webhook.webhook_id),
        "administrator",
    )
    told = Verifier(made.secret).verify(first.content, first.headers)
    stored = await rows(database, tables.webhooks)

    assert again == made
    assert told["type"] == "IncidentOpened"
    assert told["data"]["incident_id"] == opened.incident_id
    assert told["data"]["category"] == "on_scene"
    assert "Thử" not in first.content.decode() + second.content.decode()
    assert json.loads(second.content)["type"] == "IncidentAcknowledged"
    assert list(listed.webhooks) == []
    assert refused.reason == "WEBHOOK_NOT_FOUND"
    assert made.secret not in str(stored)
    assert made.secret.removeprefix("whsec_").encode() not in stored[0].secret_sealed


@pytest.mark.postgres
async def test_a_receiver_that_fails_is_told_again_and_then_given_up(
    webhooks: WebhookOperations,
    deliveries: WebhookDeliveries,
    sink: HttpSink,
    database: Database,
    clock: StoppedClock,
    make_settings: MakeSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Less and less often, under one id; what was given up is listed, and sent again by a command."""
    sink.statuses = [500, 302, *[503] * 7]
    await webhooks.create(wanted(sink.url))
    told = notice()
    for _ in range(2):  # the second is a repeat
        await webhooks.take_notices([told])
    while await deliveries.send_due():
        again_at = [row.due_at for row in await rows(database, tables.webhook_deliveries)]
        if again_at[0] is not None:
            assert again_at[0] > clock.now
            clock.now = again_at[0]
    [dead] = await WebhookQueries(database).dead()
    settings = make_settings("nats://127.0.0.1:1")
    await commands.tell_dead_deliveries(settings)
    await commands.retry_dead_deliveries(settings, [dead.delivery_id])
    clock.now += timedelta(days=3650)  # the command goes by the clock on the wall
    sent = await deliveries.send_due()
    [after] = await rows(database, tables.webhook_deliveries)

    assert len(sink.received) == 10
    assert len({one.headers["webhook-id"] for one in sink.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in sink.received}) > 8
    assert (dead.failure, dead.attempts) == ("status_503", 9)
    assert str(dead.delivery_id) in capsys.readouterr().out
    assert sent
    assert after.delivered_at is not None
    assert await WebhookQueries(database).dead() == []
    assert await webhooks.forget_delivered(timedelta(0)) == 0
    clock.advance(1)
    assert await webhooks.forget_delivered(timedelta(0)) == 1


@pytest.mark.postgres
async def test_replicas_share_what_is_due_and_a_killed_one_loses_nothing(
    webhooks: WebhookOperations,
    deliveries: WebhookDeliveries,
    sink: HttpSink,
    clock: StoppedClock,
) -> None:
    """Each delivery is sent by one of them; what one had taken and not ended comes again after a minute."""
    await webhooks.create(wanted(sink.url))
    await webhooks.create(wanted(sink.url, "IncidentClosed"))
    await webhooks.take_notices([notice() for _ in range(30)])
    lost = await webhooks.take_due()
    await asyncio.gather(deliveries.send_due(), deliveries.send_due())
    sent_before = len(sink.received)
    clock.advance(61)
    await deliveries.send_due()

    assert len(lost) == 20
    assert sent_before == 10
    assert len({one.headers["webhook-id"] for one in sink.received}) == 30
    assert len(sink.received) == 30
    assert not await deliveries.send_due()


def test_a_changed_or_old_delivery_is_not_believed() -> None:
    """Whoever alters the content, or replays it with its old time, is found out by the receiver."""
    secret = b"s" * 32
    verifier = Verifier(secret_text(secret))
    delivery = Delivery(UUID(int=1), "https://example.org", secret, b"{}", 1)
    with pytest.raises(WebhookVerificationError):
        verifier.verify(b"{}", delivery.headers(NIGHT))
    from_now = delivery.headers(utc_now())
    assert verifier.verify(b"{}", from_now) == {}
    with pytest.raises(WebhookVerificationError):
        verifier.verify(b"[]", from_now)


async def test_nothing_inside_is_called(sink: HttpSink) -> None:
    """A name that leads inside is looked through."""
    client = WebhookClient(lambda: NIGHT, private_allowed=False)

    async def sent(url: str) -> str:
        return await client.send(Delivery(UUID(int=1), url, b"s" * 32, b"{}", 1))

    assert await sent(f"https://localhost:{sink.port}/hook") == "address_not_public"
    assert await sent(f"https://127.0.0.1:{sink.port}/hook") == "address_not_public"
    await client.close()
    assert sink.received == []


@pytest.mark.parametrize("host", ["\uff10.0.0.0", "example..org", 64 * "a"])
async def test_a_name_that_cannot_be_is_a_failed_try(host: str) -> None:
    """Registered once, it must not hold up what others are told."""
    client = WebhookClient(lambda: NIGHT, private_allowed=False)
    delivery = Delivery(UUID(int=1), f"https://{host}/", b"s" * 32, b"{}", 1)

    assert await client.send(delivery) == "unknown_host"
    await client.close()


def test_addresses_that_are_not_public_or_hide_others_are_known() -> None:
    """Of both families, translated and tunnelled ones too."""
    inside = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.1.2.3", "224.0.0.1"]
    inside += ["::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"]

    assert [one for one in inside if is_public(one)] == []
    assert is_public("9.9.9.9")
    assert is_public("2620:fe::fe")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://user@example.org/",
        "https://example.org/#part",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://",
        "https://example.org:port/",
        "ftp://example.org/",
        "https://exa mple.org/",
        "https://example..org/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://\uff11.0.0.1/",
        f"https://{64 * 'a'}.org/",
    ],
)
def test_an_address_that_could_lead_inside_is_refused(url: str) -> None:
    """When it is registered, before anything is sent."""
    with pytest.raises(FieldInvalidError):
        check_url(url, private_allowed=False)


def test_tries_are_ever_further_apart_and_end() -> None:
    """Nine tries in about twelve hours."""
    pauses: list[Any] = [tried_again_at(attempts, NIGHT) for attempts in range(1, 10)]
    told = [pause - NIGHT for pause in pauses[:-1]]

    assert told == sorted(told)
    assert pauses[-1] is None
    assert timedelta(hours=12) < sum(told, timedelta(0)) < timedelta(hours=14)
