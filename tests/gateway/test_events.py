"""Server-sent events, through a real HTTP server and real gRPC streams."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx2
import pytest
from prometheus_client import REGISTRY

from chassis.errors import InternalError
from chassis.lifecycle import Lifecycle
from chassis.rpc.certificates import NO_CERTIFICATES
from gateway import app
from gateway.clients import Clients, State
from gateway.events import EventStreams, Patience, frames
from gateway.routes import GatewayServer
from gateway.schemas.contracts import read_contracts
from stack.issuer import Issuer
from tests.fixtures.servers import MakeToken
from tests.gateway.conftest import Ward
from tests.gateway.scripted import Events
from tests.gateway.sse import Block, blocks, events
from ward.incidents.v1 import incidents_pb2

pytestmark = pytest.mark.http

WATCH = "/v1/incidents:watch"


@pytest.fixture
def told(ward: Ward) -> Events:
    """Give what the incidents service tells."""
    return ward.incidents.events["WatchIncidents"]


@pytest.fixture
async def hasty(
    ward: Ward, issuer: Issuer, make_token: MakeToken
) -> AsyncGenerator[httpx2.AsyncClient]:
    """Sign in at a gateway with frequent heartbeats and little patience."""
    settings = ward.settings(issuer)
    targets = {
        "ward.residency.v1": ward.residency.target,
        "ward.fire_safety.v1": ward.fire_safety.target,
        "ward.incidents.v1": ward.incidents.target,
    }
    streams = EventStreams(heartbeat_s=0.02, patience=Patience(attach=2, outage=0.3, pause=0.05))
    async with Lifecycle() as life:
        clients = Clients(targets, NO_CERTIFICATES)
        life.at_stop(clients.close)
        made = app.make_app(
            settings,
            read_contracts(frozenset(targets)),
            clients,
            dict.fromkeys(("residency", "fire_safety", "incidents"), State.SERVING),
            streams,
        )
        server = GatewayServer(made, "127.0.0.1:0")
        life.serve_http(server)
        life.at_stop(streams.close)
        headers = {"authorization": f"Bearer {make_token('duty_officer')}"}
        address = f"http://127.0.0.1:{server.port}"
        async with httpx2.AsyncClient(base_url=address, headers=headers) as client:
            yield client


async def take(response: httpx2.Response, number: int) -> list[Block]:
    """Take so many events."""
    taken: list[Block] = []
    async with aclosing(events(response)) as stream:
        async for block in stream:
            taken.append(block)
            if len(taken) == number:
                break
    return taken


async def test_a_stream_opens_at_once_and_tells_where_it_stands(
    client: httpx2.AsyncClient, told: Events
) -> None:
    """Before anything happens: a comment, the time to reconnect, and a token to resume with."""
    await told.tell(event="IncidentOpened")
    async with client.stream("GET", WATCH) as response:
        opening = await anext(blocks(response))

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    assert opening.comments == ["ok"]
    assert opening.fields == {"retry": "2000", "id": "1"}


async def test_an_event_has_name_token_and_json(client: httpx2.AsyncClient, told: Events) -> None:
    """The data is the response as the other routes write it."""
    async with client.stream("GET", WATCH) as response:
        incident = incidents_pb2.Incident(incident_id="7", place="Chợ\nđầu mối")
        await told.tell(event="IncidentOpened", incident=incident)
        (block,) = await take(response, 1)
    data = json.loads(block.fields["data"])

    assert (block.event, block.id) == ("IncidentOpened", "1")
    assert data["resumeToken"] == "1"
    assert data["incident"]["place"] == "Chợ\nđầu mối"
    assert data["incident"]["version"] == "0"


@pytest.mark.parametrize(
    ("query", "headers", "first"),
    [
        ("?resume_token=1", {}, "2"),
        ("?resumeToken=2", {}, "3"),
        ("", {"last-event-id": "1"}, "2"),
        ("?resume_token=0", {"last-event-id": "2"}, "3"),
    ],
)
async def test_a_watcher_that_comes_back_gets_what_it_missed(
    client: httpx2.AsyncClient, told: Events, query: str, headers: dict[str, str], first: str
) -> None:
    """The browser's own token is newer than the one in its address."""
    for _ in range(3):
        await told.tell(event="IncidentOpened")
    async with client.stream("GET", WATCH + query, headers=headers) as response:
        (block,) = await take(response, 1)

    assert block.id == first


async def test_a_restart_of_the_service_leaves_no_gap_and_no_repetition(
    client: httpx2.AsyncClient, told: Events, ward: Ward
) -> None:
    """The gateway attaches again by itself; the browser sees one stream."""
    async with client.stream("GET", WATCH) as response:
        stream = events(response)
        await told.tell(event="IncidentOpened")
        before = await anext(stream)
        await ward.incidents.stop()
        await told.tell(event="IncidentAcknowledged")
        await ward.incidents.start()
        await told.tell(event="IncidentClosed")
        after = [await anext(stream), await anext(stream)]
        await stream.aclose()

    assert [block.id for block in [before, *after]] == ["1", "2", "3"]
    assert [block.event for block in after] == ["IncidentAcknowledged", "IncidentClosed"]


async def test_a_restart_before_the_first_event_leaves_no_gap_either(
    client: httpx2.AsyncClient, told: Events, ward: Ward
) -> None:
    """The token that came with the opening is enough."""
    async with client.stream("GET", WATCH) as response:
        await told.watched_by(1)
        await ward.incidents.stop()
        await told.tell(event="IncidentOpened")
        await ward.incidents.start()
        (block,) = await take(response, 1)

    assert block.id == "1"


async def test_a_service_that_stays_away_ends_the_stream_with_a_problem(
    hasty: httpx2.AsyncClient, told: Events, ward: Ward
) -> None:
    """So that the watcher knows; it reconnects with the token it has."""
    async with hasty.stream("GET", WATCH, headers={"accept-language": "en"}) as response:
        await told.watched_by(1)
        await ward.incidents.stop()
        received = [block async for block in events(response)]
    (problem,) = received

    assert problem.event == "error"
    assert problem.id == ""
    assert json.loads(problem.fields["data"])["reason"] == "SERVICE_UNAVAILABLE"
    assert json.loads(problem.fields["data"])["title"] == "Service not available"


async def test_an_error_of_the_service_ends_the_stream_with_a_problem(
    client: httpx2.AsyncClient, told: Events
) -> None:
    """What the service says is what the watcher reads."""
    async with client.stream("GET", WATCH) as response:
        await told.tell(event="IncidentOpened")
        await told.watched_by(1)
        await told.fail(InternalError())
        received = [block async for block in events(response)]

    assert received[-1].event == "error"
    assert json.loads(received[-1].fields["data"])["status"] == 500


async def test_a_token_no_longer_kept_is_gone(client: httpx2.AsyncClient, told: Events) -> None:
    """410 before any stream begins: list again, then watch from now."""
    told.first_kept = 5
    answer = await client.get(WATCH, headers={"last-event-id": "3"})

    assert (answer.status_code, answer.json()["reason"]) == (410, "RESUME_TOKEN_EXPIRED")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refused_watcher_gets_a_problem(address: str, make_token: MakeToken) -> None:
    """The status is right, though the answer would have been a stream."""
    headers = {"authorization": f"Bearer {make_token('citizen')}"}
    async with httpx2.AsyncClient(base_url=address, headers=headers) as citizen:
        answer = await citizen.get(WATCH)

    assert (answer.status_code, answer.json()["reason"]) == (403, "ROLE_NOT_ALLOWED")


async def test_a_token_in_the_address_is_no_sign_in(address: str, make_token: MakeToken) -> None:
    """Addresses are logged everywhere."""
    async with httpx2.AsyncClient(base_url=address) as nobody:
        answer = await nobody.get(f"{WATCH}?access_token={make_token('duty_officer')}")

    assert (answer.status_code, answer.json()["reason"]) == (400, "UNKNOWN_FIELD")


async def test_a_stream_of_a_service_that_is_away_is_refused(
    client: httpx2.AsyncClient, ward: Ward
) -> None:
    """503, and no stream that never tells anything."""
    await ward.incidents.stop()
    answer = await client.get(WATCH)

    assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")


async def test_a_service_that_lets_nobody_in_is_given_up(
    hasty: httpx2.AsyncClient, told: Events
) -> None:
    """A watcher must not believe that it watches."""
    told.mute = True
    answer = await hasty.get(WATCH)

    assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")
    await told.watched_by(0)


async def test_a_service_that_only_tells_events_is_watched_from_its_first(
    client: httpx2.AsyncClient, told: Events
) -> None:
    """Without the opening token the first event opens the stream."""
    told.mute = True
    opening = asyncio.create_task(client.send(client.build_request("GET", WATCH), stream=True))
    await told.watched_by(1)
    await told.tell(event="IncidentOpened")
    response = await opening
    (block,) = await take(response, 1)
    await response.aclose()

    assert block.id == "1"


async def test_a_quiet_stream_has_a_heartbeat(hasty: httpx2.AsyncClient) -> None:
    """Comments keep proxies from closing it, and tell the watcher that somebody watches."""
    async with hasty.stream("GET", WATCH) as response:
        stream = blocks(response)
        received = [await anext(stream) for _ in range(3)]
        await stream.aclose()

    assert [block.comments for block in received] == [["ok"], [""], [""]]


async def test_a_watcher_that_leaves_ends_the_call(
    client: httpx2.AsyncClient, told: Events
) -> None:
    """Nothing is left behind at the service; the gauge of open streams goes down."""
    labels = {"route": WATCH}
    async with client.stream("GET", WATCH) as response:
        await anext(blocks(response))
        open_streams = REGISTRY.get_sample_value("ward_http_event_streams", labels)
    await told.watched_by(0)

    assert open_streams == 1
    assert REGISTRY.get_sample_value("ward_http_event_streams", labels) == 0


async def test_many_watchers_get_each_event_once(client: httpx2.AsyncClient, told: Events) -> None:
    """In the same order."""

    async def watch() -> list[str]:
        async with client.stream("GET", WATCH) as response:
            return [block.id for block in await take(response, 20)]

    watching = [asyncio.create_task(watch()) for _ in range(5)]
    await told.watched_by(5)
    for _ in range(20):
        await told.tell(event="IncidentOpened")

    assert await asyncio.gather(*watching) == [[str(n + 1) for n in range(20)]] * 5


async def test_a_stop_ends_all_streams_at_once(
    ward: Ward, issuer: Issuer, make_token: MakeToken
) -> None:
    """Properly, so that browsers reconnect and resume."""
    headers = {"authorization": f"Bearer {make_token('duty_officer')}"}
    async with Lifecycle() as life:
        port = await app.start(life, ward.settings(issuer))
        client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers)
        response = await client.send(client.build_request("GET", WATCH), stream=True)
        stream = blocks(response)
        await anext(stream)
    rest = [block async for block in stream]
    await client.aclose()

    assert rest == []


def test_a_line_break_in_a_name_begins_no_new_field() -> None:
    """Whatever a service sends, one event stays one event."""
    frame = frames.event("a\r\nid: 9", "{}", "1\n2")

    assert frame == b"event: aid: 9\nid: 12\ndata: {}\n\n"
